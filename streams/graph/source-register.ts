import { TopologyError } from '../errors.ts'
import type { Topic } from './topic.ts'
import type { TopicPattern } from './topic-pattern.ts'
import { whoHave } from './who-have.ts'

/** A source as it is written: by whom, its name, and what it reads. */
interface Reading {
  readonly topology: string
  readonly name: string
  readonly topics: readonly Topic[]
  readonly pattern: TopicPattern | undefined
}

/** What the sources of a graph read, those of global tables too. A topic has one source, as in Kafka Streams: positions, tasks and dead letters go by topic. */
export class SourceRegister {
  readonly #sources: Reading[] = []

  add (source: Reading): void {
    for (const known of this.#sources) {
      const topic = source.topics.find(({ name, internal }) => known.topics.some(each => each.name === name && each.internal === internal))
      if (topic !== undefined) {
        throw new TopologyError(
          `${whoHave(known.topology, source.topology)} two sources of topic '${topic.name}', ${describe(known)} and ${describe(source)}, and only streams of the same topics are made one; ` +
          'give both streams the same topics, or read the topic once and go on from there: stream(topic).toTable(), table(topic).toStream().'
        )
      }
      checkPattern(known, source)
      checkPattern(source, known)
    }
    this.#sources.push(source)
  }
}

/** Two patterns can only be compared by what they find, which is known later. */
function checkPattern ({ topology, name, pattern }: Reading, other: Reading): void {
  // Internal topics bear another name on the cluster, and no pattern is asked about them.
  const matched = other.topics.find(topic => !topic.internal && pattern?.matches(topic.name) === true)
  if (matched === undefined || pattern === undefined) return
  throw new TopologyError(
    `${whoHave(topology, other.topology)} two sources of topic '${matched.name}', ${describe(other)} and '${name}' with the pattern /${pattern.pattern}/, which matches it too; make the pattern leave it out.`
  )
}

function describe ({ name, topics }: Reading): string {
  return topics.length === 1 ? `'${name}'` : `'${name}' of ${topics.map(({ name }) => name).join(', ')}`
}
