/**
 * The scripts that Redis runs. Each is atomic, so what it reads of the fence holds for all that it does.
 * Keys other than the fence are made in the script: they carry the build number, which only the fence knows. All of
 * them share the fence's hash tag, so they are in its slot.
 */

/**
 * KEYS fence · ARGV prefix, holding, build ('' = whichever the fence names), operations as JSON, [[task, unit], …] as JSON
 *
 * Returns what became of it: `stale` (no fence, another holding or another build: nothing was done), `lists` and the
 * names of those that must be sent whole (everything else was done, the fence was not moved), `gap` (done, but a unit
 * before one of these is missing) or `ok`.
 */
export const APPLY = `
local fence = redis.call('HMGET', KEYS[1], 'holding', 'build')
if fence[1] ~= ARGV[2] or not fence[2] or (ARGV[3] ~= '' and ARGV[3] ~= fence[2]) then return {'stale'} end
local call, unpack, match = redis.call, unpack, string.match
local prefix = ARGV[1] .. fence[2] .. ':'
local incomplete = {}
local function newestOf (key)
  local head = call('LINDEX', key, 0)
  return head and tonumber(match(head, '^(%d+):')) or 0
end
local function push (command, key, op, from)
  local length = 0
  for i = from, #op, 1000 do length = call(command, key, unpack(op, i, math.min(i + 999, #op))) end
  return length
end
for _, op in ipairs(cjson.decode(ARGV[4])) do
  local kind, key = op[1], prefix .. op[2]
  if kind == 'z' then
    local added = 0
    for i = 5, #op, 1000 do added = added + call('ZADD', key, 'LT', unpack(op, i, math.min(i + 999, #op))) end
    if added > 0 and op[4] > 0 and call('ZCARD', key) > op[4] then call('ZREMRANGEBYRANK', key, op[3], -1) end
  elseif kind == 'l' then
    local missing = op[3] - newestOf(key)
    if missing > #op - 4 then
      incomplete[#incomplete + 1] = op[2]
    elseif missing > 0 and push('LPUSH', key, op, #op - missing + 1) > op[4] then
      call('LTRIM', key, 0, op[4] - 1)
    end
  elseif kind == 'f' then
    if op[3] > newestOf(key) then
      call('DEL', key)
      push('LPUSH', key, op, 4)
    end
  else
    local old = call('GET', key)
    local version = old and tonumber(match(old, '^(%d+):')) or 0
    if op[3] > version then
      local value = string.format('%.0f', op[3]) .. ':' .. op[4]
      if op[4] == '' then call('SET', key, value, 'EX', 86400) else call('SET', key, value) end
    end
  end
end
if #incomplete > 0 then return {'lists', unpack(incomplete)} end
local outcome = 'ok'
for _, task in ipairs(cjson.decode(ARGV[5])) do
  local field = 'unit:' .. task[1]
  local at = tonumber(redis.call('HGET', KEYS[1], field) or 0)
  if task[2] == at + 1 then redis.call('HSET', KEYS[1], field, string.format('%.0f', task[2]))
  elseif task[2] > at then outcome = 'gap' end
end
return {outcome}
`

/** Keys that this server has forgotten for want of memory, where its policy takes keys like ours. */
const EVICTED = `
local function evicted ()
  local info = redis.call('INFO', 'stats', 'memory')
  return string.find(info, 'maxmemory_policy:allkeys', 1, true) and string.match(info, 'evicted_keys:(%d+)') or '0'
end
`

/** KEYS fence: what it says, and how many keys are evicted by now. Reads only. */
export const LOOK = `${EVICTED}
return {evicted(), redis.call('HGETALL', KEYS[1])}
`

/** KEYS fence · ARGV holding, build, [[task, unit], …] as JSON: a new build begins; units up to these are in the tables that it is made from. */
export const BEGIN_BUILD = `${EVICTED}
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'holding', ARGV[1], 'build', ARGV[2], 'state', 'building', 'evicted', evicted())
for _, task in ipairs(cjson.decode(ARGV[3])) do redis.call('HSET', KEYS[1], 'unit:' .. task[1], string.format('%.0f', task[2])) end
return 1
`

/** KEYS fence · ARGV holding, build, state, [[task, unit], …] as JSON: what is known to be applied; 0 when the fence is not this build's any more, or keys were evicted since it began. */
export const ADVANCE = `${EVICTED}
local fence = redis.call('HMGET', KEYS[1], 'holding', 'build', 'evicted')
if fence[1] ~= ARGV[1] or fence[2] ~= ARGV[2] or fence[3] ~= evicted() then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[3])
for _, task in ipairs(cjson.decode(ARGV[4])) do
  local field = 'unit:' .. task[1]
  if task[2] > tonumber(redis.call('HGET', KEYS[1], field) or 0) then redis.call('HSET', KEYS[1], field, string.format('%.0f', task[2])) end
end
return 1
`

/** KEYS fence, keys of other builds · ARGV holding, build: they go while the fence is this build's; who lost his turn deletes nothing of the one that has begun since. */
export const SWEEP = `
local fence = redis.call('HMGET', KEYS[1], 'holding', 'build')
if fence[1] ~= ARGV[1] or fence[2] ~= ARGV[2] then return 0 end
for i = 2, #KEYS do redis.call('UNLINK', KEYS[i]) end
return 1
`

/**
 * KEYS fence · ARGV prefix, holding, then per question four: kind, name, number or members, indexes of rankings
 *
 * Reads only. Answers false unless the fence is ready and of this holding, else a text per question: entries, members and
 * scores in turn, or scores, with U+0000 between them. No stored text holds that, and whoever reads thousands of small answers
 * spends most of its time on telling them apart.
 */
export const READ = `
local fence = redis.call('HMGET', KEYS[1], 'holding', 'build', 'state')
if fence[1] ~= ARGV[2] or fence[3] ~= 'ready' then return false end
local prefix = ARGV[1] .. fence[2] .. ':'
local answers, rankings, unions = {}, {}, {}
local function union (indexes)
  local members, seen = {}, {}
  for index in string.gmatch(indexes, '%d+') do
    local ranking = rankings[tonumber(index) + 1]
    for m = 1, #ranking, 2 do
      if not seen[ranking[m]] then
        seen[ranking[m]] = true
        members[#members + 1] = ranking[m]
      end
    end
  end
  return members
end
for i = 3, #ARGV, 4 do
  local kind, key = ARGV[i], prefix .. ARGV[i + 1]
  local place = #answers + 1
  if kind == 'list' then answers[place] = table.concat(redis.call('LRANGE', key, 0, -1), '\\0')
  elseif kind == 'value' then answers[place] = redis.call('GET', key)
  elseif kind == 'ranking' then
    local ranking = ARGV[i + 2] == '0' and {} or redis.call('ZRANGE', key, 0, ARGV[i + 2] - 1, 'WITHSCORES')
    rankings[place] = ranking
    answers[place] = table.concat(ranking, '\\0')
  else
    local indexes = ARGV[i + 3]
    if indexes ~= '' and not unions[indexes] then unions[indexes] = union(indexes) end
    local members = indexes == '' and cjson.decode(ARGV[i + 2]) or unions[indexes]
    local parts = {}
    for from = 1, #members, 1000 do
      local scores = redis.call('ZMSCORE', key, unpack(members, from, math.min(from + 999, #members)))
      for s = 1, #scores do if not scores[s] then scores[s] = '0' end end
      parts[#parts + 1] = table.concat(scores, '\\0')
    end
    answers[place] = table.concat(parts, '\\0')
  end
end
return answers
`
