-- Nearly every claim is of a key that nobody has.
local records = redis.call('HLEN', key)
if records == 0 then
  redis.call('PEXPIREAT', key, write('C'))
  return { 0, 0, 0 }
end

local state, holder, its_end = read(redis.call('HGET', key, digest))
local live = state and its_end > now

-- Whether another body came under this key. Records that are over are taken out on the way; each is met once, and one
-- call looks at a bounded number of them.
local function conflict()
  if records == (state and 1 or 0) then
    return 0
  end
  local cursor, met = '0', 0
  repeat
    local page = redis.call('HSCAN', key, cursor, 'COUNT', 64)
    cursor = page[1]
    for at = 1, #page[2], 2 do
      if page[2][at] ~= digest then
        local _, _, other_till = read(page[2][at + 1])
        if other_till > now then
          return 1
        end
        redis.call('HDEL', key, page[2][at])
      end
      met = met + 1
      if met == 512 then
        return 0
      end
    end
  until cursor == '0'
  return 0
end

local other = conflict()
if live and state == 'D' then
  return { 1, 0, other }
end
-- The same token asks again when its first answer was lost: the lease is its own and begins anew.
if live and holder ~= token then
  return { 2, its_end - now, other }
end
write_beside('C')
return { 0, 0, other }
