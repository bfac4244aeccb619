import { isDeepStrictEqual } from 'node:util'
import type { TopicJson, TopologyJson } from '../graph/describe/json.ts'
import type { Finding } from './finding.ts'
import { compatible, difference, needsReset, renamed } from './verdict.ts'

/** Records that are still on their way lie in internal topics by their keys, as the serdes of then wrote them. */
export function compareInternalTopics (earlier: TopologyJson, now: TopologyJson): Finding[] {
  const internal = ({ topics }: TopologyJson): TopicJson[] => topics.filter(topic => topic.internal)
  const { gone, added, both } = difference(internal(earlier), internal(now))
  const pairs = renamed(gone, added, (one, other) => one.key === other.key && one.value === other.value)
  const renewed = [...pairs.values()]
  return [
    ...[...pairs].map(([old, { name }]) => needsReset(old.name, `This internal topic is called '${name}' now: what is still in the old one would never be read.`, 'Give it the old name; or stop the inputs, let it run empty, and then go on; or reset.')),
    ...gone.filter(each => !pairs.has(each)).map(({ name }) => needsReset(name, 'This internal topic is gone: what is still in it would never be read.', 'Stop the inputs, let it run empty, and then go on; or reset.')),
    ...added.filter(each => !renewed.includes(each)).map(({ name }) => compatible(name, 'This internal topic is new; the first start makes it.')),
    ...both.flatMap(([old, each]) => compareTopic(old, each))
  ]
}

function compareTopic (old: TopicJson, { name, ...now }: TopicJson): Finding[] {
  const parts = [['partitions', old.partitions, now.partitions], ['key serde', old.key, now.key], ['value serde', old.value, now.value]] as const
  return parts.filter(([, before, after]) => !isDeepStrictEqual(before, after))
    .map(([what, before, after]) => needsReset(name, `The ${what} of this internal topic changed from ${JSON.stringify(before)} to ${JSON.stringify(after)}.`))
}
