local state, holder, its_end = read(redis.call('HGET', key, digest))
local live = state and its_end > now
if not live or state ~= 'C' or holder ~= token then
  return 0
end
redis.call('HDEL', key, digest)
return 1
