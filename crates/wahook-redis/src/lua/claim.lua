if not value then
  write('C')
  return { 0, 0, 0 }
end

-- Whether another body came under this key. Records that are over are taken out on the way; each is met once, and one
-- call looks at a bounded number of them.
local function conflict()
  if redis.call('HLEN', key) == (is_known and 1 or 0) then
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

local other = 0
if several then
  other = conflict()
elseif not state then
  -- The only record is that of another body: from now on each has a field.
  now, several, other = clock(), true, 1
  local till = decimal(now + redis.call('PTTL', key))
  redis.call('DEL', key)
  redis.call('HSET', key, value:sub(18), value:sub(1, 17) .. till)
  redis.call('PEXPIREAT', key, till)
end

if state == 'D' then
  return { 1, 0, other }
end
-- The same token asks again when its first answer was lost: the lease is its own and begins anew.
if state and holder ~= token then
  return { 2, several and its_end - now or redis.call('PTTL', key), other }
end
write('C')
return { 0, 0, other }
