/**
 * The steps of callers and workers at the server. Each may run twice, when the connection was lost before its answer: a number or a pick-up
 * shows whether it ran before.
 *
 *   a task has two marks:   begun  a worker has taken it        over  its outcome is on its way, or it is not wanted any more
 *
 * What is over never begins, and only what makes a task over may tell its caller how it ended: so each outcome is told once.
 */

import { script } from '../server/client.ts';
import type { Script } from '../server/connection.ts';

const common = `
local base = KEYS[1]
local function marks(caller) return base .. 'marks:' .. caller end
local function claims(caller) return base .. 'claims:' .. caller end
local function workerOf(claim) return string.match(claim, '^(.*)/') end
local function isAlive(caller) return redis.call('EXISTS', base .. 'alive:' .. caller) == 1 end
local function unclaim(caller, number, claim)
  if redis.call('HGET', claims(caller), number) == claim then
    redis.call('HDEL', claims(caller), number)
    redis.call('HINCRBY', base .. 'running', workerOf(claim), -1)
  end
end
`;

/**
 * Worker: takes tasks. ARGV: caller, number, claim, of each. Answers for each: run; dead (its caller); over (it is not wanted any more); again (it was taken
 * before).
 */
export const claimScript: Script = script(`${common}
local answers = {}
for i = 1, #ARGV, 3 do
  local caller, number, claim = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
  if not isAlive(caller) then answers[#answers + 1] = 'dead'
  else
    local begun = redis.call('GETBIT', marks(caller), 2 * number)
    local over = redis.call('GETBIT', marks(caller), 2 * number + 1)
    if begun == 1 then
      answers[#answers + 1] = over == 0 and redis.call('HGET', claims(caller), number) == claim and 'run' or 'again'
    elseif over == 1 then answers[#answers + 1] = 'over'
    else
      redis.call('SETBIT', marks(caller), 2 * number, 1)
      redis.call('HSET', claims(caller), number, claim)
      redis.call('HINCRBY', base .. 'running', workerOf(claim), 1)
      answers[#answers + 1] = 'run'
    end
  end
end
return answers`);

/** Worker: tells how tasks ended. ARGV: milliseconds that replies are kept; then caller, number, claim, message, of each. */
export const endScript: Script = script(`${common}
local told = 0
for i = 2, #ARGV, 4 do
  local caller, number, claim, message = ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2], ARGV[i + 3]
  unclaim(caller, number, claim)
  if isAlive(caller) and redis.call('SETBIT', marks(caller), 2 * number + 1, 1) == 0 then
    local replies = base .. 'replies:' .. caller
    redis.call('RPUSH', replies, message)
    redis.call('PEXPIRE', replies, ARGV[1])
    told = told + 1
  end
end
return told`);

/** Worker: tells something of tasks that go on. ARGV: as above; then caller, message, of each. */
export const tellScript: Script = script(`${common}
for i = 2, #ARGV, 2 do
  if isAlive(ARGV[i]) then
    local replies = base .. 'replies:' .. ARGV[i]
    redis.call('RPUSH', replies, ARGV[i + 1])
    redis.call('PEXPIRE', replies, ARGV[1])
  end
end
return 1`);

/**
 * Caller: is alive, for ARGV[2] milliseconds more, and what is kept for it as long as ARGV[3] says; so are the keys of KEYS[2..]. Answers what is known of
 * workers: their records, beats and numbers of tasks.
 */
export const beatScript: Script = script(`${common}
local caller = ARGV[1]
redis.call('SET', base .. 'alive:' .. caller, '1', 'PX', ARGV[2])
redis.call('SADD', base .. 'callers', caller)
redis.call('SETBIT', marks(caller), 0, 1)
for _, key in ipairs({ marks(caller), claims(caller), base .. 'replies:' .. caller, base .. 'replies:' .. caller .. ':taken' }) do
  redis.call('PEXPIRE', key, ARGV[3])
end
for i = 2, #KEYS do redis.call('PEXPIRE', KEYS[i], ARGV[3]) end
return { redis.call('HGETALL', base .. 'workers'), redis.call('HGETALL', base .. 'beats'), redis.call('HGETALL', base .. 'running') }`);

/** Caller: a worker is lost. ARGV: caller, worker. Answers the numbers of its tasks that were not over, which are over now. */
export const lostScript: Script = script(`${common}
local caller, worker = ARGV[1], ARGV[2]
local all = redis.call('HGETALL', claims(caller))
local lost = {}
for i = 1, #all, 2 do
  if workerOf(all[i + 1]) == worker then
    local number = tonumber(all[i])
    redis.call('HDEL', claims(caller), all[i])
    redis.call('SETBIT', marks(caller), 2 * number + 1, 1)
    lost[#lost + 1] = number
  end
end
return lost`);

/** Caller: a task is not wanted any more. ARGV: caller, number, and the message for the worker that has it. Answers: over, begun or waiting. */
export const cancelScript: Script = script(`${common}
local caller, number = ARGV[1], tonumber(ARGV[2])
if redis.call('SETBIT', marks(caller), 2 * number + 1, 1) == 1 then return 'over' end
local claim = redis.call('HGET', claims(caller), number)
if not claim then return 'waiting' end
return workerOf(claim)`);

/**
 * Caller: where its tasks are. ARGV: caller, what begins the keys of its jobs; then number, and that of its job, of each. Answers how many replies wait for the caller, and for each number:
 * w(aiting), g(one: no worker has begun it, and it waits nowhere), b(egun), d(ropped: a worker had it, and has it no more), o(ver).
 */
export const auditScript: Script = script(`${common}
local caller, jobs = ARGV[1], ARGV[2]
local replies = base .. 'replies:' .. caller
local states = {}
for i = 3, #ARGV, 2 do
  local number = tonumber(ARGV[i])
  local state
  if redis.call('GETBIT', marks(caller), 2 * number + 1) == 1 then state = 'o'
  elseif redis.call('GETBIT', marks(caller), 2 * number) == 1 then
    state = redis.call('HEXISTS', claims(caller), number) == 1 and 'b' or 'd'
  else state = redis.call('EXISTS', jobs .. ARGV[i + 1]) == 1 and 'w' or 'g' end
  states[#states + 1] = state
end
return { redis.call('LLEN', replies) + redis.call('LLEN', replies .. ':taken'), table.concat(states) }`);

/**
 * Worker: callers that are not heard of any more, each once. Marks and replies stay for a while: a caller that was only cut off comes back, and must know
 * what has run.
 */
export const sweepScript: Script = script(`${common}
local dead = {}
for _, caller in ipairs(redis.call('SMEMBERS', base .. 'callers')) do
  if not isAlive(caller) then
    dead[#dead + 1] = caller
    redis.call('SREM', base .. 'callers', caller)
  end
end
return dead`);

/** Caller: it ends. Nothing of it stays. */
export const leaveScript: Script = script(`${common}
local caller = ARGV[1]
for _, part in ipairs({ 'alive:', 'marks:', 'claims:', 'replies:' }) do redis.call('DEL', base .. part .. caller) end
redis.call('DEL', base .. 'replies:' .. caller .. ':taken')
redis.call('SREM', base .. 'callers', caller)
return 1`);

/** Reads a list in two steps, so that nothing is lost with a connection. KEYS: list. Takes what is there; what was taken before is done with. */
export const takeScript: Script = script(`
local taken = KEYS[1] .. ':taken'
redis.call('DEL', taken)
local length = redis.call('LLEN', KEYS[1])
if length == 0 then return {} end
local most = tonumber(ARGV[1])
if length <= most then redis.call('RENAME', KEYS[1], taken)
else
  for i, message in ipairs(redis.call('LRANGE', KEYS[1], 0, most - 1)) do redis.call('RPUSH', taken, message) end
  redis.call('LTRIM', KEYS[1], most, -1)
end
redis.call('PEXPIRE', taken, ARGV[2])
return redis.call('LRANGE', taken, 0, -1)`);
