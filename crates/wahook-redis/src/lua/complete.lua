if not state or holder ~= token then
  return 0
end
-- Said again, it is done again, and nothing changes.
if state == 'C' then
  write('D')
end
return 1
