/** A member as the assignor sees it. */
export interface Candidate {
  readonly memberId: string
  readonly topics: ReadonlySet<string>
  /** What it held last, by topic; it keeps that where balance allows. */
  readonly owned: ReadonlyMap<string, readonly number[]>
  /** The generation in which it held that: of two that claim one partition the later is right. */
  readonly generation: number
}

export interface AssignmentProblem {
  readonly candidates: readonly Candidate[]
  readonly partitionCounts: ReadonlyMap<string, number>
  readonly together: readonly (readonly string[])[]
}

/** By member, then by topic. Every candidate is in it. */
export type Assignment = ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>

/**
 * Shares the partitions of a group: partition p of all topics of a sub-topology goes to one member, each sub-topology is
 * spread evenly, members keep what they had as far as that allows. The same question always gets the same answer.
 */
export function assignPartitions ({ candidates, partitionCounts, together }: AssignmentProblem): Assignment {
  const members = candidates.toSorted((a, b) => compare(a.memberId, b.memberId)).map(candidate => new Share(candidate))
  for (const topics of subTopologies(candidates, partitionCounts, together)) {
    share(topics, unitsOf(topics, partitionCounts), members)
  }
  return new Map(members.map(member => [member.candidate.memberId, member.assigned(partitionCounts)]))
}

/** What one member has been given so far. */
class Share {
  readonly candidate: Candidate
  total = 0
  readonly #units = new Map<readonly string[], Set<number>>()

  constructor (candidate: Candidate) {
    this.candidate = candidate
  }

  give (topics: readonly string[], unit: number): void {
    this.unitsOf(topics).add(unit)
    this.total++
  }

  unitsOf (topics: readonly string[]): Set<number> {
    const units = this.#units.get(topics) ?? new Set()
    this.#units.set(topics, units)
    return units
  }

  claims (topics: readonly string[], unit: number): boolean {
    return topics.some(topic => this.candidate.owned.get(topic)?.includes(unit))
  }

  assigned (partitionCounts: ReadonlyMap<string, number>): Map<string, number[]> {
    const partitions = new Map<string, number[]>()
    for (const [topics, units] of this.#units) {
      for (const topic of topics) {
        const held = [...units].filter(unit => unit < (partitionCounts.get(topic) ?? 0)).sort((a, b) => a - b)
        if (held.length > 0) partitions.set(topic, held)
      }
    }
    return partitions
  }
}

/** The lists of `together`; a subscribed topic that is in none stands alone, and so do those of a list that nobody has as a whole (a rolling upgrade). */
function subTopologies (candidates: readonly Candidate[], partitionCounts: ReadonlyMap<string, number>, together: AssignmentProblem['together']): readonly (readonly string[])[] {
  const lists: (readonly string[])[] = []
  const left = new Set(candidates.flatMap(candidate => [...candidate.topics]).filter(topic => partitionCounts.has(topic)).sort(compare))
  for (const list of together) {
    const topics = [...new Set(list)].filter(topic => left.has(topic))
    if (topics.length === 0 || !candidates.some(candidate => subscribesAll(candidate, topics))) continue
    lists.push(topics)
    for (const topic of topics) left.delete(topic)
  }
  return [...lists, ...[...left].map(topic => [topic])]
}

function unitsOf (topics: readonly string[], partitionCounts: ReadonlyMap<string, number>): readonly number[] {
  return Array.from({ length: Math.max(...topics.map(topic => partitionCounts.get(topic) ?? 0)) }, (_, unit) => unit)
}

function share (topics: readonly string[], units: readonly number[], members: readonly Share[]): void {
  const eligible = members.filter(({ candidate }) => subscribesAll(candidate, topics))
  if (eligible.length === 0) return
  const quota = new Quota(topics, units.length, eligible.length)
  const orphans = units.filter(unit => !keep(topics, unit, eligible, quota))
  for (const unit of orphans) leastLoaded(topics, eligible, quota)?.give(topics, unit)
}

/** How many units one member may have: the even share, and one more as long as the remainder lasts. */
class Quota {
  readonly #topics: readonly string[]
  readonly #even: number
  readonly #remainder: number

  constructor (topics: readonly string[], units: number, members: number) {
    this.#topics = topics
    this.#even = Math.floor(units / members)
    this.#remainder = units % members
  }

  hasRoom (member: Share, members: readonly Share[]): boolean {
    const held = member.unitsOf(this.#topics).size
    if (held !== this.#even) return held < this.#even
    return members.filter(other => other.unitsOf(this.#topics).size > this.#even).length < this.#remainder
  }
}

function keep (topics: readonly string[], unit: number, members: readonly Share[], quota: Quota): boolean {
  const owner = members.filter(member => member.claims(topics, unit)).sort((a, b) => b.candidate.generation - a.candidate.generation)[0]
  if (owner === undefined || !quota.hasRoom(owner, members)) return false
  owner.give(topics, unit)
  return true
}

function leastLoaded (topics: readonly string[], members: readonly Share[], quota: Quota): Share | undefined {
  return members.filter(member => quota.hasRoom(member, members))
    .sort((a, b) => a.unitsOf(topics).size - b.unitsOf(topics).size || a.total - b.total)[0]
}

function subscribesAll (candidate: Candidate, topics: readonly string[]): boolean {
  return topics.every(topic => candidate.topics.has(topic))
}

function compare (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
