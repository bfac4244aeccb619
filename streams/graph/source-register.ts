import { TopologyError } from '../errors.ts'
import type { Topic } from './topic.ts'
import type { TopicPattern } from './topic-pattern.ts'

/** What the sources of a topology read: a topic has one source. */
export class SourceRegister {
  readonly #topology: string
  readonly #names = new Set<string>()
  readonly #patterns: TopicPattern[] = []

  constructor (topology: string) {
    this.#topology = topology
  }

  add ({ topics, pattern }: { readonly topics: readonly Topic[], readonly pattern?: TopicPattern | undefined }): void {
    // Internal topics bear another name on the cluster, and no pattern is asked about them.
    const named = topics.filter(({ internal }) => !internal).map(({ name }) => name)
    for (const name of named) this.#check(name, this.#patterns.find(each => each.matches(name)), this.#names.has(name))
    if (pattern !== undefined) for (const name of this.#names) this.#check(name, pattern.matches(name) ? pattern : undefined, false)
    for (const name of named) this.#names.add(name)
    if (pattern !== undefined) this.#patterns.push(pattern)
  }

  #check (name: string, pattern: TopicPattern | undefined, isRead: boolean): void {
    if (pattern !== undefined) {
      throw new TopologyError(`Topology '${this.#topology}' reads topic '${name}' with a source of its own, and with the pattern /${pattern.pattern}/, which matches it too; a topic has one source, so make the pattern leave it out.`)
    }
    if (isRead) throw new TopologyError(`Topology '${this.#topology}' reads topic '${name}' with two sources, as a stream and as a table or as two tables; a topic has one source, so read it once and use stream(topic).toTable() or table(topic).toStream().`)
  }
}
