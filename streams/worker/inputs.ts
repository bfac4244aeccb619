import type { OffsetReset } from '../graph/node.ts'
import { foundAmong, patternsOf } from '../graph/found-topics.ts'
import type { SubTopology } from '../graph/sub-topologies.ts'
import { namedSubTopologies, sourceOf } from '../graph/topic-names.ts'
import { patternId } from '../graph/topic-pattern.ts'
import type { Topology } from '../graph/topology.ts'
import type { GroupOptions, Log, TopicNames, TopicPartition } from '../log/log.ts'
import type { Logger } from '../logger.ts'
import type { State } from '../state/state.ts'
import { checkEqualCounts, ensureTopics } from './topics.ts'

export interface InputsOptions {
  readonly topology: Topology
  readonly applicationId: string
  readonly log: Log
  readonly state: State
  readonly logger: Logger
}

/** What an application reads: topics by name, and those that its patterns have found so far. */
export class Inputs {
  readonly #options: InputsOptions
  readonly #patterns: readonly TopicNames[]
  /** By name, where they exist. */
  #named: ReadonlySet<string> = new Set()
  #found: readonly string[] = []
  #subTopologies: readonly SubTopology[]
  /** Partition counts when the application id first saw each input; 0 of what a pattern found later. */
  noted: ReadonlyMap<string, number> = new Map()
  /** Partition counts of the internal topics. */
  internal: ReadonlyMap<string, number> = new Map()

  constructor (options: InputsOptions) {
    this.#options = options
    this.#patterns = patternsOf(options.topology, options.applicationId)
    this.#subTopologies = namedSubTopologies(options.topology, options.applicationId)
  }

  /** With what was found. */
  get subTopologies (): readonly SubTopology[] {
    return this.#subTopologies
  }

  /** The topics that are read. */
  get topics (): ReadonlySet<string> {
    return new Set([...this.#named, ...this.#found])
  }

  /** Makes what is missing, and writes down what is seen for the first time. */
  async begin (): Promise<void> {
    const { topology, applicationId, log, state, logger } = this.#options
    const before = await state.noteInputs(new Map())
    const { inputs, found, internal } = await ensureTopics(topology, { applicationId, log, state, logger, noted: before })
    // What was looked for before and not found did not exist: all of its partitions are later ones.
    const wasLookedFor = (topic: string): boolean => this.#patterns.some(({ id, matches }) => before.has(id) && matches(topic))
    this.noted = await state.noteInputs(new Map([
      ...[...inputs].map(([topic, count]) => [topic, found.includes(topic) && wasLookedFor(topic) ? 0 : count] as const),
      ...this.#patterns.map(({ id }) => [id, 0] as const)
    ]))
    this.internal = internal
    this.#named = new Set(this.#subTopologies.flatMap(({ topics }) => topics.filter(topic => inputs.has(topic) || internal.has(topic))))
    for (const { id, matches } of this.#patterns) {
      if (!found.some(matches)) logger.warn({ pattern: id }, 'no topic matches a pattern yet; what is made later is found and read')
    }
    this.#become(found)
  }

  /** Topics that patterns have found since may be among what is assigned; those that are gone are read no more. */
  async follow (assigned: readonly TopicPartition[]): Promise<void> {
    if (this.#patterns.length === 0) return
    const { log, state, logger } = this.#options
    const given = new Set(assigned.map(({ topic }) => topic))
    const matching = foundAmong([...given.union(new Set(this.#found))], this.#patterns)
    const counts = await log.partitionCounts([...matching, ...this.#named])
    // The group's leader has seen what it gave out, also where this answer is from a broker that has not yet.
    const found = matching.filter(topic => given.has(topic) || counts.has(topic))
    const fresh = found.filter(topic => !this.noted.has(topic))
    if (fresh.length > 0) {
      this.noted = await state.noteInputs(new Map(fresh.map(topic => [topic, 0])))
      logger.info({ topics: fresh }, 'topics that match a pattern have come; they are read from their first record')
    }
    this.#become(found)
    checkEqualCounts(this.#subTopologies, counts, this.noted)
  }

  /** Of topics whose source says where to begin. */
  resets (): ReadonlyMap<string, OffsetReset> {
    const { nodes } = this.#options.topology
    return new Map([...this.topics].flatMap(topic => {
      const { offsetReset } = sourceOf(nodes, topic) ?? {}
      return offsetReset === undefined ? [] : [[topic, offsetReset]]
    }))
  }

  /** What the group has to know of them. */
  get subscription (): Pick<GroupOptions, 'topics' | 'patterns' | 'together'> {
    const { topology, applicationId } = this.#options
    const together = namedSubTopologies(topology, applicationId).map(({ topics, patterns }) => [
      ...topics.filter(topic => this.#named.has(topic)),
      ...this.#patterns.filter(({ id }) => patterns.some(pattern => patternId(pattern) === id))
    ])
    return { topics: [...this.#named], patterns: this.#patterns, together: together.filter(({ length }) => length > 0) }
  }

  #become (found: readonly string[]): void {
    const { topology, applicationId } = this.#options
    this.#found = found
    this.#subTopologies = namedSubTopologies(topology, applicationId, found)
  }
}
