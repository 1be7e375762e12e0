-- What the three verbs share. A guard key is one hash: a field for each body's digest, in it the record of that body:
-- its state ('C' claimed, 'D' done), its holder's token (16 bytes), and its end in milliseconds as decimal text.
local key, digest, token, span = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])

-- Leases run on the server's clock: those who claim need not agree on the time.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function read(value)
  if not value then
    return nil, nil, 0
  end
  return value:sub(1, 1), value:sub(2, 17), tonumber(value:sub(18))
end

local function write(state)
  local till = string.format('%.0f', now + span)
  redis.call('HSET', key, digest, state .. token .. till)
  return till
end

-- As `write`, where there may be other records: the hash goes with the last of them.
local function write_beside(state)
  local till = write(state)
  if redis.call('HLEN', key) == 1 or redis.call('PTTL', key) < span then
    redis.call('PEXPIREAT', key, till)
  end
end
