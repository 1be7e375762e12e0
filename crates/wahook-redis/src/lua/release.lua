if not live or state ~= 'C' or holder ~= token then
  return 0
end
redis.call('HDEL', key, digest)
return 1
