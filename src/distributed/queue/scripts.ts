/**
 * A queue at the server.
 *
 *   key            hash: maxSize, shut (1: no more puts), puts, gets, unfinished, held (items in the hands of consumers), lease (the longest), nextClaim
 *   key:items      stream: an entry is an item until its task is done; group `g` knows which consumer has which
 *   key:back       items that were given back, by the number of their put: they go first
 *   key:getters, key:gettersSeen, key:putters, key:puttersSeen    lines of handles that wait
 *
 *   put ──▶ there ──get──▶ in hand ──taskDone──▶ gone
 *             ▲              │ given back: by close(), or by a get that was over when its item came
 *             ├── key:back ◀─┤
 *             └── its consumer has not renewed it for a lease: XAUTOCLAIM gives it to the next that gets
 */

import { script } from '../server/client.ts';
import type { Script } from '../server/connection.ts';
import { common } from '../objects/scripts.ts';

// KEYS: key, items, back, getters, gettersSeen, putters, puttersSeen. ARGV: head, maxSize, …
const begin = `${common}
local meta, items, back = KEYS[1], KEYS[2], KEYS[3]
if redis.call('HSETNX', meta, 'maxSize', ARGV[2]) == 1 then
  redis.call('XGROUP', 'CREATE', items, 'g', '0', 'MKSTREAM')
elseif ARGV[2] ~= '-1' and redis.call('HGET', meta, 'maxSize') ~= ARGV[2] then
  return { -1, redis.call('HGET', meta, 'maxSize') }
end
local function number(field)
  return tonumber(redis.call('HGET', meta, field) or '0')
end
local function add(field, n)
  if n == 0 then return number(field) end
  return redis.call('HINCRBY', meta, field, n)
end
local function size()
  return redis.call('XLEN', items) - number('held')
end
local function isOwn(consumer, id)
  return redis.call('XPENDING', items, 'g', id, id, 1, consumer)[1] ~= nil
end
local function ownAmong(consumer, from)
  local own = {}
  if #ARGV - from < 4 then
    for i = from, #ARGV do own[ARGV[i]] = isOwn(consumer, ARGV[i]) end
    return own
  end
  -- They come in order: the first and the last are the ends of a range.
  for _, one in ipairs(redis.call('XPENDING', items, 'g', ARGV[from], ARGV[#ARGV], 100000, consumer)) do own[one[1]] = true end
  for i = from, #ARGV do
    if not own[ARGV[i]] then own[ARGV[i]] = isOwn(consumer, ARGV[i]) end
  end
  return own
end
local function done(n)
  if n > 0 and add('unfinished', -n) <= 0 then redis.call('PUBLISH', meta, '') end
end
`;

export const SHUT = -2;

/** … name of the wait, patience or 0, items… → how many went in */
export const putScript: Script = script(`${begin}
local before = recorded()
if before then return { tonumber(before), 0 } end
if number('shut') > 0 then return { ${SHUT}, 0 } end
local wait, patience, count = ARGV[3], tonumber(ARGV[4]), #ARGV - 4
local maxSize = number('maxSize')
local head = first(KEYS[6], KEYS[7])
local room = 0
if not head or head == wait then
  room = count
  if maxSize > 0 then room = math.max(0, math.min(count, maxSize - size())) end
end
if room > 0 then
  local puts = add('puts', room) - room
  for i = 1, room do
    redis.call('XADD', items, '*', 'n', puts + i, 'v', ARGV[4 + i])
  end
  add('unfinished', room)
  record(room)
  callFirst(KEYS[4], KEYS[5])
end
if room < count and patience > 0 then
  join(KEYS[6], KEYS[7], wait, patience)
elseif wait ~= '' then
  leave(KEYS[6], KEYS[7], wait)
  if maxSize == 0 or size() < maxSize then callFirst(KEYS[6], KEYS[7]) end
end
return { room, 0 }
`);

/** … name of the wait, patience or 0, consumer, how many at most, lease → [id, number of deliveries, bytes]… */
export const getScript: Script = script(`${begin}
local wait, patience, consumer, most, lease = ARGV[3], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local out = {}
local function deliver(entry)
  local pending = redis.call('XPENDING', items, 'g', entry[1], entry[1], 1)[1]
  out[#out + 1] = { entry[1], pending and pending[4] or 1, entry[2][4] }
end
local before = recorded()
if before then
  for id in string.gmatch(before, '%S+') do
    if isOwn(consumer, id) then deliver(redis.call('XRANGE', items, id, id)[1]) end
  end
  return { 0, out }
end
local head = first(KEYS[4], KEYS[5])
if head and head ~= wait then
  if patience > 0 then join(KEYS[4], KEYS[5], wait, patience) end
  if size() > 0 then callFirst(KEYS[4], KEYS[5]) end
  return { 0, out }
end
local taken = 0
for _, id in ipairs(redis.call('ZRANGE', back, 0, most - 1)) do
  redis.call('ZREM', back, id)
  local entry = redis.call('XCLAIM', items, 'g', consumer, 0, id)[1]
  if entry then
    deliver(entry)
    taken = taken + 1
  end
end
-- A consumer renews what it has at a third of its own lease: the longest of all handles tells which is dead.
if lease > number('lease') then redis.call('HSET', meta, 'lease', lease) end
lease = number('lease')
if #out < most and now >= number('nextClaim') then
  local found = redis.call('XAUTOCLAIM', items, 'g', consumer, lease, '0-0', 'COUNT', most - #out)[2]
  for _, entry in ipairs(found) do deliver(entry) end
  add('gets', #found)
  redis.call('HSET', meta, 'nextClaim', #out < most and now + math.min(lease / 4, 1000) or now)
end
if #out < most then
  local found = redis.call('XREADGROUP', 'GROUP', 'g', consumer, 'COUNT', most - #out, 'STREAMS', items, '>')
  if found then
    for _, entry in ipairs(found[1][2]) do
      out[#out + 1] = { entry[1], 1, entry[2][4] }
      taken = taken + 1
    end
  end
end
if taken > 0 then
  add('held', taken)
  add('gets', taken)
  callFirst(KEYS[6], KEYS[7])
end
if #out > 0 then
  local ids = {}
  for i, one in ipairs(out) do ids[i] = one[1] end
  record(table.concat(ids, ' '))
  leave(KEYS[4], KEYS[5], wait)
  if size() > 0 then callFirst(KEYS[4], KEYS[5]) end
  return { 0, out }
end
if number('shut') > 0 then
  leave(KEYS[4], KEYS[5], wait)
  return { ${SHUT}, out }
end
if patience > 0 then join(KEYS[4], KEYS[5], wait, patience) end
return { 0, out }
`);

/** … name of a getter's or a putter's wait that is over */
export const leaveScript: Script = script(`${begin}
leave(KEYS[4], KEYS[5], ARGV[3])
leave(KEYS[6], KEYS[7], ARGV[3])
if size() > 0 then callFirst(KEYS[4], KEYS[5]) end
if number('maxSize') == 0 or size() < number('maxSize') then callFirst(KEYS[6], KEYS[7]) end
return { 0, 0 }
`);

/** … consumer, 1: they count as processed, ids… → those that this consumer has no more */
export const doneScript: Script = script(`${begin}
local before = recorded()
if before then return { 0, cjson.decode(before) } end
local mine, lost = {}, {}
local own = ownAmong(ARGV[3], 5)
for i = 5, #ARGV do
  local id = ARGV[i]
  if own[id] then mine[#mine + 1] = id else lost[#lost + 1] = id end
end
local count = #mine
if count > 0 then
  redis.call('XACK', items, 'g', unpack(mine))
  redis.call('XDEL', items, unpack(mine))
end
add('held', -count)
if ARGV[4] == '1' then done(count) end
record(#lost == 0 and '[]' or cjson.encode(lost))
return { 0, lost }
`);

/** … consumer, ids…: they are there again, before all others */
export const backScript: Script = script(`${begin}
local consumer, count = ARGV[3], 0
for i = 4, #ARGV do
  local id = ARGV[i]
  if isOwn(consumer, id) then
    local entry = redis.call('XRANGE', items, id, id)[1]
    redis.call('XCLAIM', items, 'g', '-', 0, id, 'JUSTID')
    redis.call('ZADD', back, entry[2][2], id)
    count = count + 1
  end
end
if count > 0 then
  add('held', -count)
  callFirst(KEYS[4], KEYS[5])
end
return { 0, {} }
`);

/** … consumer that is closed: it has no item any more */
export const byeScript: Script = script(`${begin}
if redis.call('XPENDING', items, 'g', '-', '+', 1, ARGV[3])[1] == nil then redis.call('XGROUP', 'DELCONSUMER', items, 'g', ARGV[3]) end
return { 0, {} }
`);

/** … consumer, ids…: it has them still. → those that it has not */
export const renewScript: Script = script(`${begin}
local mine, lost = {}, {}
local own = ownAmong(ARGV[3], 4)
for i = 4, #ARGV do
  local id = ARGV[i]
  if own[id] then mine[#mine + 1] = id else lost[#lost + 1] = id end
end
if #mine > 0 then
  mine[#mine + 1] = 'JUSTID'
  redis.call('XCLAIM', items, 'g', ARGV[3], 0, unpack(mine))
end
return { 0, lost }
`);

/** … one task that was taken earlier is done → 0: there is none */
export const countScript: Script = script(`${begin}
local before = recorded()
if before then return { 0, tonumber(before) } end
local isThere = number('unfinished') > 0
if isThere then done(1) end
record(isThere and 1 or 0)
return { 0, isThere and 1 or 0 }
`);

/** … 1: the items that are there are thrown away */
export const shutdownScript: Script = script(`${begin}
redis.call('HSET', meta, 'shut', 1)
if ARGV[3] == '1' then
  local count = 0
  for _, id in ipairs(redis.call('ZRANGE', back, 0, -1)) do
    redis.call('XACK', items, 'g', id)
    count = count + redis.call('XDEL', items, id)
  end
  redis.call('DEL', back)
  local last = redis.call('XINFO', 'GROUPS', items)[1]
  for i = 1, #last, 2 do
    if last[i] == 'last-delivered-id' then last = last[i + 1] break end
  end
  while true do
    local entries = redis.call('XRANGE', items, '(' .. last, '+', 'COUNT', 500)
    if #entries == 0 then break end
    for _, entry in ipairs(entries) do count = count + redis.call('XDEL', items, entry[1]) end
  end
  done(count)
end
for _, key in ipairs({ KEYS[4], KEYS[6] }) do
  for _, token in ipairs(redis.call('ZRANGE', key, 0, -1)) do call(token) end
end
redis.call('DEL', KEYS[4], KEYS[5], KEYS[6], KEYS[7])
redis.call('PUBLISH', meta, '')
return { 0, {} }
`);

export const lookScript: Script = script(`${begin}
first(KEYS[4], KEYS[5])
first(KEYS[6], KEYS[7])
local getters, putters = redis.call('ZCARD', KEYS[4]), redis.call('ZCARD', KEYS[6])
return { 0, { size(), number('maxSize'), number('puts'), number('gets'), number('unfinished'), number('held'), getters, putters, number('shut') } }
`);
