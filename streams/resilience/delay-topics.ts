import { checkTopicName } from '../graph/topic.ts'
import { readList } from './backoff.ts'
import { writeMs, type Duration } from './duration.ts'
import { readLimits, type LimitOptions, type Limits } from './limits.ts'

/** The record is sent to a topic that is read only after a delay, and comes back from there. Nothing waits for it: the order of its key is given up. */
export interface DelayTopicsRetry extends Limits {
  readonly kind: 'delay-topics'
  /** From the shortest to the longest. */
  readonly delays: readonly Delay[]
  /** What the topic of a delay is called; undefined where the engine names it. */
  readonly topicName: ((delay: string) => string) | undefined
}

export interface Delay {
  /** As it was written, for the topic's name: '5m'. */
  readonly text: string
  readonly ms: number
}

export interface DelayTopicsOptions extends LimitOptions {
  /** One topic for each that differs. They must not get shorter. */
  readonly delays: readonly Duration[]
  /** Left out: the engine names the topics after the application id. */
  readonly topicName?: (delay: string) => string
}

/** Which topic a record goes to, and when it may be tried again: never before. */
export interface Detour {
  readonly index: number
  readonly topicDelayMs: number
  /** Later than the topic's delay makes it where a record has to wait for longer than any topic does; then it goes round again. */
  readonly dueAt: number
}

/**
 * Tried again out of the way, after each delay.
 *
 * A topic holds one delay, so its first record is always the first to be due; that is why there is no jitter.
 */
export function delayTopics ({ delays: given, topicName, ...limits }: DelayTopicsOptions): DelayTopicsRetry {
  const lengths = readList('delayTopics', given)
  const delays = lengths.map((ms, index): Delay => Object.freeze({ text: textOf(given[index] ?? ms), ms }))
  for (const [index, { text, ms }] of delays.entries()) {
    const before = delays[index - 1]
    if (before !== undefined && before.ms > ms) throw new TypeError(`delayTopics: ${text} stands behind ${before.text}; list the delays from the shortest to the longest.`)
  }
  if (topicName !== undefined) checkNames(delays, topicName)
  return Object.freeze({ kind: 'delay-topics', delays: Object.freeze(delays), topicName, ...readLimits('delayTopics', limits, delays.length) })
}

/** The first delay from the `from`-th on that is long enough, else the longest. */
export function detour ({ delays }: DelayTopicsRetry, { from = 0, waitMs, now }: { readonly from?: number, readonly waitMs: number, readonly now: number }): Detour {
  const last = delays.length - 1
  const found = delays.findIndex(({ ms }, index) => index >= from && ms >= waitMs)
  const index = found === -1 ? last : found
  const topicDelayMs = delays[index]?.ms ?? 0
  return { index, topicDelayMs, dueAt: Math.ceil(now + Math.max(topicDelayMs, waitMs)) }
}

function textOf (delay: Duration): string {
  return typeof delay === 'string' ? delay : writeMs(delay)
}

function checkNames (delays: readonly Delay[], topicName: (delay: string) => string): void {
  const named = new Map<string, string>()
  for (const { text } of delays) {
    const name = topicName(text)
    checkTopicName(name)
    const other = named.get(name)
    if (other !== undefined && other !== text) throw new TypeError(`delayTopics: the topics of ${other} and of ${text} are both called '${name}'; a topic holds one delay, so put it into the name.`)
    named.set(name, text)
  }
}
