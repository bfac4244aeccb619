import { json } from '../serdes/json.ts'
import type { Serde } from '../serdes/serde.ts'
import { text } from '../serdes/text.ts'
import type { Topic } from './topic.ts'

/** The topics whose names a regular expression matches, those too that are made while the application runs. */
export interface TopicPattern<K = unknown, V = unknown> {
  /** The expression without its slashes: what a description prints. */
  readonly pattern: string
  readonly flags: string
  readonly key: Serde<K>
  readonly value: Serde<V>
  /** Whether the whole of a name matches. */
  matches (name: string): boolean
}

interface PatternOptions {
  /** Has to match the whole name, as in Kafka Streams; of flags only `i`, `s`, `u` and `v` mean something here. */
  readonly matching: RegExp
}

type WithKey<K> = PatternOptions & { readonly key: Serde<K> }
type WithValue<V> = PatternOptions & { readonly value: Serde<V> }
type WithoutKey = PatternOptions & { readonly key?: never }
type WithoutValue = PatternOptions & { readonly value?: never }

/**
 * Topics by pattern, with what their keys and values are: text and JSON where nothing else is said. Internal topics of the application
 * itself are never among them.
 */
export function topicPattern (options: WithoutKey & WithoutValue): TopicPattern<string, unknown>
export function topicPattern<K> (options: WithKey<K> & WithoutValue): TopicPattern<K, unknown>
export function topicPattern<V> (options: WithoutKey & WithValue<V>): TopicPattern<string, V>
export function topicPattern<K, V> (options: WithKey<K> & WithValue<V>): TopicPattern<K, V>
export function topicPattern ({ matching: { source, flags }, key = text, value = json }: PatternOptions & { readonly key?: Serde<unknown>, readonly value?: Serde<unknown> }): TopicPattern {
  if (/[^isuv]/.test(flags)) throw new TypeError(`The pattern /${source}/${flags} has flags that mean nothing for the name of a topic; of them i, s, u and v are allowed.`)
  const whole = new RegExp(`^(?:${source})$`, flags)
  return Object.freeze({ pattern: source, flags, key, value, matches: (name: string) => whole.test(name) })
}

/** A topic that was found by its pattern. It is never made by the application. */
export function foundTopic ({ key, value }: TopicPattern, name: string): Topic {
  return { name, key, value, partitions: undefined, optional: true, internal: false }
}

/** The same for the same pattern in every process, and no name that a topic can have. */
export function patternId ({ pattern, flags }: Pick<TopicPattern, 'pattern' | 'flags'>): string {
  return `/${pattern}/${flags}`
}

export function isPatternId (input: string): boolean {
  return input.startsWith('/')
}
