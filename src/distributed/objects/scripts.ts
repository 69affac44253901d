/**
 * The common beginning of all scripts, in Lua.
 *
 * Time is the server's. A line is two sorted sets: waits by their arrival, and until when each is taken for alive. A wait whose client died is passed over:
 * it has not looked for a while, or has not come when it was called.
 *
 *   now, micros           milliseconds, and microseconds, of the server's clock
 *   first(line, seen)     the first wait that is alive; until when
 *   join(line, seen, …)   a wait stands in line, and is alive for a while
 *   call(token)           tells the client of a wait to look
 *   callFirst(line, seen) calls the first: it has `claim` ms to come
 *   recorded()            the answer of this call, if it was here before and its answer was lost on the way
 *   record(answer)        the answer of this call, until its client says that it has it
 */

import { InvalidStateError } from '../../errors.ts';

/** The error of a handle that has another number than the object has at the server. */
export function refuseDifference(title: string, what: string, here: number, there: unknown): InvalidStateError {
  return new InvalidStateError(
    `the ${title} has ${what} ${String(there)} at the server, and this handle has ${here}: all handles must have the same`,
  );
}

/** Milliseconds in which a wait that was called must come. */
const claim = 1000;
/** Milliseconds for which the server remembers the calls of a client that says nothing more. */
const remembered = 600_000;

/** ARGV[1] is what `Client.head` gives. */
export const common: string = `
local prefix, client, own, oldest = string.match(ARGV[1], '^(%S+) (%S+) (%S+) (%S+)$')
local me = client .. ':' .. own
local clock = redis.call('TIME')
local micros = clock[1] * 1000000 + clock[2]
local now = math.floor(micros / 1000)
local function call(token)
  redis.call('PUBLISH', prefix .. ':inbox:' .. string.match(token, '^[^:]*'), token)
end
local function first(line, seen)
  while true do
    local token = redis.call('ZRANGE', line, 0, 0)[1]
    if not token then return nil, 0 end
    local till = tonumber(redis.call('ZSCORE', seen, token) or '0')
    if till >= now then return token, till end
    redis.call('ZREM', line, token)
    redis.call('ZREM', seen, token)
  end
end
local function join(line, seen, token, patience)
  if not redis.call('ZSCORE', line, token) then
    local last = redis.call('ZRANGE', line, -1, -1, 'WITHSCORES')[2] or '0'
    redis.call('ZADD', line, tonumber(last) + 1, token)
  end
  redis.call('ZADD', seen, now + patience, token)
  redis.call('PEXPIRE', line, ${remembered})
  redis.call('PEXPIRE', seen, ${remembered})
end
local function leave(line, seen, token)
  redis.call('ZREM', line, token)
  redis.call('ZREM', seen, token)
end
local function callFirst(line, seen)
  local token = first(line, seen)
  if not token then return end
  redis.call('ZADD', seen, 'XX', 'LT', now + ${claim}, token)
  call(token)
end
local function recordFor(token, answer)
  local whose, number = string.match(token, '^(.*):(.*)$')
  local calls = KEYS[1] .. ':calls:' .. whose
  redis.call('ZADD', calls, number, number .. ':' .. answer)
  redis.call('PEXPIRE', calls, ${remembered})
end
local function record(answer)
  recordFor(me, answer)
end
local function recorded()
  local calls = KEYS[1] .. ':calls:' .. client
  redis.call('ZREMRANGEBYSCORE', calls, '-inf', '(' .. oldest)
  local found = redis.call('ZRANGEBYSCORE', calls, own, own)[1]
  return found and string.match(found, ':(.*)$')
end
`;
