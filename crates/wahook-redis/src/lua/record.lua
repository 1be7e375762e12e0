-- What the three verbs share. A guard key with one record, as nearly all have, is a string: the record's state ('C'
-- claimed, 'D' done), its holder's token (16 bytes) and the body's digest (32 bytes); it lives as long as the record. One
-- under which several bodies came is a hash: a field for each digest, in it state, token, and the record's end in
-- milliseconds as decimal text; it lives as long as the last of them.
local key, digest, token, span = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])

local value = redis.pcall('GET', key)
local several = type(value) == 'table'
if several and value.err:sub(1, 9) ~= 'WRONGTYPE' then
  return value
elseif type(value) == 'string' and #value ~= 49 then
  return redis.error_reply('WRONGTYPE that is no record')
end

-- Leases run on the server's clock: those who claim need not agree on the time.
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function read(field)
  if not field then
    return nil, nil, 0
  end
  return field:sub(1, 1), field:sub(2, 17), tonumber(field:sub(18))
end

local function decimal(number)
  return string.format('%.0f', number)
end

-- The record of this body: nothing where there is none, or where it is over.
local now, is_known, state, holder, its_end
if several then
  now = clock()
  state, holder, its_end = read(redis.call('HGET', key, digest))
  is_known = state ~= nil
  if its_end <= now then
    state, holder = nil, nil
  end
elseif value and value:sub(18) == digest then
  state, holder = value:sub(1, 1), value:sub(2, 17)
end

local function write(state)
  if several then
    local till = decimal(now + span)
    redis.call('HSET', key, digest, state .. token .. till)
    if redis.call('HLEN', key) == 1 or redis.call('PTTL', key) < span then
      redis.call('PEXPIREAT', key, till)
    end
  elseif span > 0 then
    redis.call('PSETEX', key, ARGV[3], state .. token .. digest)
  elseif value then
    redis.call('DEL', key)
  end
end
