if state ~= 'C' or holder ~= token then
  return 0
end
if several then
  redis.call('HDEL', key, digest)
else
  redis.call('DEL', key)
end
return 1
