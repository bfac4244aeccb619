import type { Static, TSchema } from 'typebox'
import type { Store } from '../stores/store.ts'
import { contractOf, isContract, Rejected, type Contract } from './contract.ts'
import type { Execution } from './execution.ts'
import type { GraphBuilder } from './graph-builder.ts'
import type { Node, NodeKind } from './node.ts'
import type { Processor, StoreRoles } from './processor.ts'
import { wirePunctuations } from './punctuation.ts'
import type { Forward, StreamRecord } from './record.ts'
import type { SinkTopic } from './topic.ts'
import type { Wire } from './wire.ts'

export interface Naming {
  /** The node's label in drawings, logs and metrics; left out: Kafka Streams' numbered name. */
  readonly name?: string
}

/** Records of one type on their way from node to node. Operators have Kafka Streams' names and meanings. */
export class Stream<K, V> {
  readonly #graph: GraphBuilder
  readonly #node: Node
  readonly #outlets: ((execution: Execution) => Forward<K, V>)[] = []
  readonly #opened = new WeakMap<Execution, Forward<K, V>>()

  constructor (graph: GraphBuilder, node: Node) {
    this.#graph = graph
    this.#node = node
  }

  /** Checks each value; what is refused goes on as `Rejected`, so that a branch can route it. */
  validate<T> (contract: Contract<T>, naming?: Naming): Stream<K, T | Rejected>
  validate<S extends TSchema> (schema: S, naming?: Naming): Stream<K, Static<S> | Rejected>
  validate<T> (check: Contract<T> | TSchema, naming?: Naming): Stream<K, unknown> {
    const contract: Contract<unknown> = isContract(check) ? check : contractOf(check, 'schema')
    // Right behind a source a record comes by once per run, and what was found the first time holds for the next.
    const oncePerRecord = this.#node.kind === 'source'
    return this.#derive('validate', 'VALIDATE', naming, (execution, node, forward: Forward<K, unknown>) => record => {
      const { value } = record
      if (oncePerRecord && execution.wasAccepted(node)) return forward(record)
      if (value instanceof Rejected) return forward(record)
      if (contract.accepts(value, record)) {
        if (oncePerRecord) execution.accepted(node)
        return forward(record)
      }
      const previous = execution.enter(node)
      const rejected = new Rejected(record.value === null ? NO_VALUE : contract.explain(value, record))
      execution.leave(previous)
      forward(withValue(record, rejected))
    })
  }

  filter<T extends V> (predicate: (value: V) => value is T, naming?: Naming): Stream<K, T>
  filter (predicate: (value: V) => boolean, naming?: Naming): Stream<K, V>
  filter (predicate: (value: V) => boolean, naming?: Naming): Stream<K, V> {
    return this.#derive('filter', 'KSTREAM-FILTER', naming, (execution, node, forward) => record => {
      const previous = execution.enter(node)
      const passes = predicate(record.value)
      execution.leave(previous)
      if (passes) forward(record)
    })
  }

  mapValues<T> (mapper: (value: V) => T, naming?: Naming): Stream<K, T> {
    return this.#derive('map-values', 'KSTREAM-MAPVALUES', naming, (execution, node, forward: Forward<K, T>) => record => {
      const previous = execution.enter(node)
      const value = mapper(record.value)
      execution.leave(previous)
      forward(withValue(record, value))
    })
  }

  /** Looks at each record once, when its unit closes: a record that is run again is still seen once. */
  peek (look: (record: StreamRecord<K, V>) => void, naming?: Naming): Stream<K, V> {
    return this.#derive('peek', 'KSTREAM-PEEK', naming, (execution, _node, forward) => record => {
      execution.whenClosed(() => look(record))
      forward(record)
    })
  }

  /** Interleaves two streams; no order is promised between them. */
  merge<V2> (other: Stream<K, V2>, naming?: Naming): Stream<K, V | V2> {
    const node = this.#graph.add('merge', 'KSTREAM-MERGE', [this.#node, other.#node], naming?.name)
    const merged = new Stream<K, V | V2>(this.#graph, node)
    this.#outlets.push(execution => counted(execution, node, merged.#open(execution)))
    other.#outlets.push(execution => counted(execution, node, merged.#open(execution)))
    return merged
  }

  /** Sends each record down the first branch whose guard accepts its value. One that none accepts is dropped, and counted. */
  branch<B extends Readonly<Record<string, V>>> (
    guards: { readonly [N in keyof B]: (value: V) => value is B[N] }, naming?: Naming
  ): { readonly [N in keyof B]: Stream<K, B[N]> } {
    const parent = this.#graph.add('branch', 'KSTREAM-BRANCH', [this.#node], naming?.name)
    const cases: { open: (execution: Execution) => ((record: StreamRecord<K, V>) => boolean) }[] = []
    const branches: Partial<{ [N in keyof B]: Stream<K, B[N]> }> = {}
    for (const name in guards) {
      const guard = guards[name]
      const stream = new Stream<K, B[typeof name]>(this.#graph, this.#graph.add('branch-case', '', [parent], parent.name + '-' + name))
      branches[name] = stream
      cases.push({
        open (execution) {
          const forward = stream.#open(execution)
          return record => {
            if (!guard(record.value)) return false
            // The guard has just narrowed the value in place; a copy of the record would only say so to the compiler.
            forward(record as StreamRecord<K, V & B[typeof name]>)
            return true
          }
        }
      })
    }
    this.#outlets.push(execution => {
      const opened = cases.map(({ open }) => open(execution))
      return record => {
        const previous = execution.enter(parent)
        execution.leave(previous)
        for (const route of opened) {
          if (route(record)) return execution.forwarded(parent)
        }
        execution.drop(parent, 'no-branch')
      }
    })
    // Every guard's name was given a stream in the loop above; the compiler cannot see that a loop is complete.
    return branches as { readonly [N in keyof B]: Stream<K, B[N]> }
  }

  process<In, Out, S extends StoreRoles> (processor: Processor<In, Out, S> & (V extends In ? unknown : { readonly accepts: In })): Stream<K, Out> {
    const stores = Object.values(processor.stores)
    return this.#derive('processor', 'KSTREAM-PROCESSOR', { name: processor.name }, (execution, node, forward: Forward<K, Out>) => {
      // Each role is given the writer of the store named for it; `fromEntries` cannot express that correspondence.
      const writers = Object.fromEntries(Object.entries(processor.stores).map(([role, store]) => [role, execution.writer(store)])) as Parameters<typeof processor.process>[1]['stores']
      const context = {
        stores: writers,
        // A processor may not change the key's type: what it forwards under the record's key is of that type still.
        forward: forward as Forward<unknown, Out>,
        drop: (reason: string) => execution.drop(node, reason),
        recordMetadata: () => execution.current()
      }
      wirePunctuations(processor, execution, node, context)
      return record => {
        const previous = execution.enter(node)
        // The constraint on the argument says that V is an In; a conditional type cannot be used to convert.
        processor.process(record as StreamRecord<K, unknown> as StreamRecord<K, In>, context)
        execution.leave(previous)
      }
    }, stores)
  }

  /**
   * Writes to a topic. Delivered twice: at least once per record; the `millrace-source` header is stable, so that a reader can tell.
   *
   * With a `format` it is a place for dead letters: what a validation refused, and also every record from the same sources
   * that a node or a store fails on. `raw` keeps the source's bytes and says why in headers, `envelope` wraps them in JSON too.
   */
  to (topic: SinkTopic<NonNullable<K>, V>, options: Naming & { readonly format?: DeadLetterFormat } = {}): void {
    const node = this.#graph.addSink(this.#node, topic, options)
    this.#outlets.push(execution => record => {
      const previous = execution.enter(node)
      if (record.value instanceof Rejected) execution.deadLetter(node, record.value)
      else execution.emit(node, record)
      execution.leave(previous)
    })
  }

  /** The running half of everything behind this stream, made once per execution however many parents lead here. */
  #open (execution: Execution): Forward<K, V> {
    const known = this.#opened.get(execution)
    if (known !== undefined) return known
    const outlets = this.#outlets.map(outlet => outlet(execution))
    const node = this.#node
    const [only] = outlets
    const forward: Forward<K, V> = outlets.length === 1 && only !== undefined
      ? record => {
        execution.forwarded(node)
        only(record)
      }
      : record => {
        if (outlets.length > 0) execution.forwarded(node)
        for (const outlet of outlets) outlet(record)
      }
    this.#opened.set(execution, forward)
    return forward
  }

  /** Used by the builder to start the graph at a source. */
  static open<K, V> (stream: Stream<K, V>, execution: Execution): Forward<K, V> {
    return stream.#open(execution)
  }

  #derive<K2, V2> (
    kind: NodeKind, prefix: string, naming: Naming | undefined, wire: Wire<K, V, K2, V2>, stores: readonly Store[] = []
  ): Stream<K2, V2> {
    const node = this.#graph.add(kind, prefix, [this.#node], naming?.name, { stores })
    const stream = new Stream<K2, V2>(this.#graph, node)
    this.#outlets.push(execution => wire(execution, node, stream.#open(execution)))
    return stream
  }
}

export type DeadLetterFormat = 'raw' | 'envelope'

const NO_VALUE = { errorType: 'decode', message: 'The record has no value.' }

function withValue<K, V> ({ key, timestamp, headers }: StreamRecord<K>, value: V): StreamRecord<K, V> {
  return { key, value, timestamp, headers }
}

function counted<K, V> (execution: Execution, node: Node, forward: Forward<K, V>): Forward<K, V> {
  return record => {
    execution.leave(execution.enter(node))
    forward(record)
  }
}
