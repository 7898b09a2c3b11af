import { createHash } from "node:crypto";

/** A Lua script, and the name by which Redis knows it once it has seen it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

function script(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

/**
 * What both scripts of a history begin with: the group's epoch and newest offset.
 *
 * An epoch is good for as long as its fence holds, which is what Redis says of itself and changes
 * whenever its data may have gone back in time: the id of its replication, or of its run. It is looked
 * at every single time, in the same step. So a history that has lost its end goes on in a new epoch.
 *
 * `meta` outlives `log`: that all messages are too old does not end an epoch.
 */
const preamble = `
local function number(text) return string.format('%.0f', text) end

local function fence(kind)
  if kind == 'off' then return 'off' end
  local id
  if kind == 'runid' then
    id = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
  else
    id = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
  end
  if not id then error({ err = 'NOFENCE INFO does not tell the id for the fence ' .. kind }) end
  return kind .. ' ' .. id
end

local function stand(meta, log, kind, fresh, lifetime)
  local now = redis.call('TIME')
  now = now[1] * 1000 + math.floor(now[2] / 1000)
  local is = fence(kind)
  local known = redis.call('HMGET', meta, 'epoch', 'fence', 'top', 'until')
  if not known[1] or known[2] ~= is then
    redis.call('UNLINK', log)
    redis.call('HSET', meta, 'epoch', fresh, 'fence', is, 'top', '0')
    known = { fresh, is, '0' }
  end
  -- It is renewed once in a while only: each time would cost more than it is worth.
  if tonumber(known[4] or 0) < now + 0.9 * lifetime then
    redis.call('HSET', meta, 'until', number(now + lifetime))
    redis.call('PEXPIRE', meta, number(lifetime))
  end
  return now, known[1], tonumber(known[3])
end

-- Forgets the oldest messages, up to last, that the rule does not hold any more: too many, too large or
-- too old. Of the newest one only its age counts.
local function trim(log, now, low, last, newest, bytes, size, ttl, most, cost)
  last = math.min(last, low + 999)
  while low <= last do
    local place = number(low)
    local many = newest - low + 1 > size or (bytes > most and low < newest)
    if not many and tonumber(redis.call('HGET', log, 't' .. place) or 0) + ttl > now then break end
    bytes = bytes - cost - redis.call('HSTRLEN', log, 'm' .. place)
    redis.call('HDEL', log, 'm' .. place, 't' .. place)
    low = low + 1
  end
  return low, bytes
end
`;

/**
 * Numbers a message, keeps it and publishes it. Without an id there is no third key.
 *
 * `log` has for each message `m` and `t` with its offset, and when it was written; `low` is the oldest,
 * and `bytes` what they cost. `ids` has for each id its turn, its end and its position, and by `n` and
 * its turn the id itself, so that the oldest are forgotten first. Ids outlive an epoch: what they stand
 * for has been sent.
 *
 * The answer is epoch, offset.
 */
export const appendScript: Script = script(`#!lua
local meta, log, ids = KEYS[1], KEYS[2], KEYS[3]
local kind, fresh, lifetime, channel, data = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5]
local size, ttl, most, cost = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local id, window, remembered = ARGV[10], tonumber(ARGV[11] or 0), tonumber(ARGV[12] or 0)
${preamble}
local now, epoch, top = stand(meta, log, kind, fresh, lifetime)
local first, last
if ids then
  local sent = redis.call('HMGET', ids, 'i' .. id, 'first', 'last')
  if sent[1] then
    local ends, where, offset = string.match(sent[1], '^%d+ (%d+) (%S+) (%d+)$')
    if tonumber(ends) > now then return { where, offset } end
  end
  first, last = tonumber(sent[2] or 1), tonumber(sent[3] or 0)
end

local offset = top + 1
local place = number(offset)
local held = redis.call('HMGET', log, 'low', 'bytes')
local low, bytes = tonumber(held[1] or offset), tonumber(held[2] or 0) + #data + cost
low, bytes = trim(log, now, low, top, offset, bytes, size, ttl, most, cost)
redis.call('HSET', meta, 'top', place)
redis.call('HSET', log, 'm' .. place, data, 't' .. place, number(now), 'low', number(low),
  'bytes', number(bytes))
redis.call('PEXPIRE', log, number(ttl))

if ids then
  last = last + 1
  local turn = number(last)
  local entry = turn .. ' ' .. number(now + window) .. ' ' .. epoch .. ' ' .. place
  redis.call('HSET', ids, 'i' .. id, entry, 'n' .. turn, id, 'last', turn)
  local steps = 0
  while first <= last and steps < 100 do
    local oldest = redis.call('HGET', ids, 'n' .. number(first))
    if oldest then
      local its = redis.call('HGET', ids, 'i' .. oldest)
      local at, ends = string.match(its or '', '^(%d+) (%d+) ')
      if last - first < remembered and tonumber(ends or 0) > now then break end
      redis.call('HDEL', ids, 'n' .. number(first))
      -- One that was sent again after its window has a later turn.
      if tonumber(at or 0) == first then redis.call('HDEL', ids, 'i' .. oldest) end
    end
    first = first + 1
    steps = steps + 1
  end
  redis.call('HSET', ids, 'first', number(first))
  redis.call('PEXPIRE', ids, number(window))
end

redis.call('SPUBLISH', channel, epoch .. ' ' .. place .. ' ' .. data)
return { epoch, place }
`);

/**
 * Reads what came after a position. The answer is epoch, top, the oldest offset or an empty text, and
 * then the messages, or nothing more if they cannot all be had. It may write, into little memory: what
 * nobody has asked for has no epoch.
 */
export const readScript: Script = script(`#!lua flags=allow-oom
local meta, log = KEYS[1], KEYS[2]
local kind, fresh, lifetime = ARGV[1], ARGV[2], tonumber(ARGV[3])
local size, ttl, most, cost = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local wanted, since, limit = ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10])
${preamble}
local now, epoch, top = stand(meta, log, kind, fresh, lifetime)
local held = redis.call('HMGET', log, 'low', 'bytes')
local low
if held[1] then
  local first, bytes = tonumber(held[1]), tonumber(held[2])
  low, bytes = trim(log, now, first, top, top, bytes, size, ttl, most, cost)
  if low > top then
    redis.call('UNLINK', log)
    low = nil
  elseif low > first then
    redis.call('HSET', log, 'low', number(low), 'bytes', number(bytes))
  end
end
local answer = { epoch, number(top), low and number(low) or '' }
if wanted ~= epoch or since > top then return answer end
if since < top and (not low or since + 1 < low) then return answer end
answer[4] = 'items'
local last = math.min(top, since + limit)
for offset = since + 1, last do
  local data = redis.call('HGET', log, 'm' .. number(offset))
  if not data then
    answer[4] = nil
    return { answer[1], answer[2], answer[3] }
  end
  answer[#answer + 1] = data
end
return answer
`);

/**
 * Publishes, on a primary only: a replica would take it in silence and tell nobody but its own
 * subscribers. The answer is how many got it.
 */
export const publishScript: Script = script(`#!lua flags=allow-oom
return redis.call('SPUBLISH', ARGV[1], ARGV[2])
`);
