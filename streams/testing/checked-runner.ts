import { inspect, isDeepStrictEqual } from 'node:util'
import type { ChosenPartition } from '../graph/execution.ts'
import type { Node } from '../graph/node.ts'
import type { Rejected } from '../graph/contract.ts'
import type { StreamRecord } from '../graph/record.ts'
import type { LogRecord } from '../log/log.ts'
import type { Store, WriterOf } from '../stores/store.ts'
import type { Item, RecordItem } from '../task/item.ts'
import type { Task } from '../task/task.ts'
import { UnitRunner } from '../task/unit.ts'
import { freezeDeeply } from './freeze.ts'

/** A record did something else when it was run again. Production runs records again after every conflict and outage. */
export class NondeterminismError extends Error {
  override readonly name = 'NondeterminismError'
}

interface Action {
  readonly node: string
  readonly did: string
  readonly detail: unknown
}

/**
 * Runs every record twice, the first time only to see what it does, and compares: a node may act on nothing but the record,
 * its stores and the time that it is given. What comes from stores is frozen, and so is the record.
 */
export class CheckedRunner extends UnitRunner {
  #actions: Action[] = []
  #at: Node | undefined

  override run (item: Item): boolean {
    if (item.failure !== undefined) return super.run(item)
    const first = this.#watch(() => this.rehearse(item))
    if (!first.isReady) return false
    const failure = item.record === undefined ? undefined : takeFailure(item)
    const second = this.#watch(() => super.run(item))
    if (second.isReady) compare(item, [outcomeOf(failure), ...first.actions], [outcomeOf(item.failure), ...second.actions])
    return second.isReady
  }

  protected override get keepsGuesses (): boolean {
    return false
  }

  override enter (node: Node): Node | undefined {
    this.#at = node
    return super.enter(node)
  }

  override leave (previous: Node | undefined): void {
    this.#at = previous
    super.leave(previous)
  }

  override forwarded (node: Node, record: StreamRecord): void {
    const { key, value, timestamp, headers } = record
    this.#note(node.name, 'handed on', { key, value, timestamp, headers })
    super.forwarded(node, record)
  }

  override emit (sink: Node, record: StreamRecord, partition?: ChosenPartition, topic = sink.topic): void {
    const { key, value, timestamp, headers } = record
    this.#note(sink.name, `wrote to '${topic?.name}'`, { key, value, timestamp, headers, partition: typeof partition === 'function' ? partition(COMPARED_COUNT) : partition })
    super.emit(sink, record, partition, topic)
  }

  override deadLetter (sink: Node, rejected: Rejected): void {
    this.#note(sink.name, 'wrote a dead letter', { ...rejected })
    super.deadLetter(sink, rejected)
  }

  override drop (node: Node, reason: string): void {
    this.#note(node.name, 'dropped a record', reason)
    super.drop(node, reason)
  }

  override writer<S extends Store> (store: S): WriterOf<S> {
    // Called while the graph is wired, when this class has no fields yet: they are there when a record runs.
    const note = (name: string, given: unknown): void => this.#note(this.#at?.name ?? '', `called ${name} of store '${store.name}'`, given)
    const methods = Object.entries(super.writer(store)).map(([name, method]) => [name, watched(name, method, note)])
    // The same methods under the same names; `fromEntries` cannot express that correspondence.
    return Object.fromEntries(methods) as WriterOf<S>
  }

  #note (node: string, did: string, detail: unknown): void {
    this.#actions.push({ node, did, detail })
  }

  #watch (run: () => boolean): { readonly isReady: boolean, readonly actions: readonly Action[] } {
    const actions: Action[] = []
    this.#actions = actions
    return { isReady: run(), actions }
  }
}

/** Given to partitioners to see whether they choose the same twice; any number does. */
const COMPARED_COUNT = 60

function watched (name: string, method: (...given: unknown[]) => unknown, note: (name: string, given: unknown) => void): (...given: unknown[]) => unknown {
  return (...given) => {
    note(name, given)
    const answer = method(...given.map(each => freezeDeeply(each)))
    return isPaged(answer) ? frozenOneByOne(answer) : freezeDeeply(answer)
  }
}

/** As if it had not been run; but from now on nobody changes the record. */
function takeFailure (item: RecordItem): RecordItem['failure'] {
  const { failure } = item
  item.failure = undefined
  freezeDeeply(item.decoded)
  return failure
}

function outcomeOf (failure: Item['failure']): Action {
  return failure === undefined ? { node: '', did: 'was done with it', detail: undefined } : { node: failure.node, did: 'failed', detail: failure.rejected.message }
}

function compare ({ task, record }: Item, first: readonly Action[], second: readonly Action[]): void {
  for (let at = 0; at < Math.max(first.length, second.length); at++) {
    const [one, other] = [first[at], second[at]]
    if (isDeepStrictEqual(one, other)) continue
    const node = [other?.node, one?.node].find(each => each !== undefined && each !== '') ?? ''
    throw new NondeterminismError(
      `Node '${node}' did not do the same when ${whatIn(task, record)} was run again: first it ${tell(one)}, then it ${tell(other)}. ` +
      'A node acts on nothing but the record, its stores and the time it is given; production runs records again after conflicts and outages.'
    )
  }
}

function whatIn ({ name }: Task, record: LogRecord | undefined): string {
  return record === undefined ? `what task ${name} does by time` : `${record.topic}-${record.partition}@${record.offset}`
}

function tell (action: Action | undefined): string {
  if (action === undefined) return 'did nothing more'
  return action.detail === undefined ? action.did : `${action.did} ${inspect(action.detail, { depth: 6, breakLength: Infinity })}`
}

/** What is read as it goes, and not at hand as a whole. */
function isPaged (value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value && !Array.isArray(value) && !ArrayBuffer.isView(value)
}

function * frozenOneByOne (values: Iterable<unknown>): Generator<unknown> {
  for (const value of values) yield freezeDeeply(value)
}
