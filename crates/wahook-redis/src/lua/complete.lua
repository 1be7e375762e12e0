local state, holder, its_end = read(redis.call('HGET', key, digest))
local live = state and its_end > now
if not live or holder ~= token then
  return 0
end
-- Said again, it is done again, and nothing changes.
if state == 'C' then
  write_beside('D')
end
return 1
