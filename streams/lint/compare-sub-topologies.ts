import type { SubTopologyJson, TopologyJson } from '../graph/describe/json.ts'
import type { Finding } from './finding.ts'
import { compatible, difference, needsReset, renamed } from './verdict.ts'

/** Positions and the parts of stores are kept under the name of a sub-topology. */
export function compareSubTopologies (earlier: TopologyJson, now: TopologyJson): Finding[] {
  const { gone, added, both } = difference(earlier.subTopologies, now.subTopologies)
  const pairs = renamed(gone, added, sharesInputs)
  const renewed = [...pairs.values()]
  const moves = earlier.subTopologies.flatMap(old => movesOf(old, pairs.get(old)?.name ?? old.name, now.subTopologies))
  return [
    ...[...pairs].map(([old, { name }]) => needsReset(old.name, `This sub-topology is called '${name}' now, and positions are kept by that name: it would begin anew.`, `Give its first source the name '${old.name}'; or reset.`)),
    ...moves.map(({ from, topic, to }) => needsReset(from, `Its input '${topic}' is read by sub-topology '${to}' now, and positions are kept by that name: it would be read anew.`)),
    ...gone.filter(each => !pairs.has(each) && !moves.some(({ from }) => from === each.name)).map(({ name }) => compatible(name, 'This sub-topology is gone; its positions stay and are of no use.')),
    ...added.filter(each => !renewed.includes(each)).map(({ name, topics, patterns = [] }) => compatible(name, `This sub-topology is new; it begins where its topics begin (${[...topics, ...patterns].join(', ')}).`)),
    ...both.flatMap(([old, each]) => compareInputs(old, each))
  ]
}

interface Move {
  readonly from: string
  readonly topic: string
  readonly to: string
}

/** Inputs that have gone over to another one, as when a join makes two sub-topologies one, or its end makes one two. */
function movesOf ({ name, topics }: SubTopologyJson, nameNow: string, now: readonly SubTopologyJson[]): Move[] {
  return topics.flatMap(topic => now.filter(each => each.name !== nameNow && each.topics.includes(topic)).map(({ name: to }) => ({ from: name, topic, to })))
}

function compareInputs (old: SubTopologyJson, { name, topics }: SubTopologyJson): Finding[] {
  return [
    ...topics.filter(topic => !old.topics.includes(topic)).map(topic => compatible(name, `It reads '${topic}' too, from where that topic begins; its partitions have to be as many as those of the others.`)),
    ...old.topics.filter(topic => !topics.includes(topic)).map(topic => compatible(name, `It does not read '${topic}' any more; what came from there stays in its stores.`))
  ]
}

function sharesInputs (one: SubTopologyJson, other: SubTopologyJson): boolean {
  return one.topics.some(topic => other.topics.includes(topic)) || one.patterns?.some(pattern => other.patterns?.includes(pattern)) === true || one.stores.some(store => other.stores.includes(store))
}
