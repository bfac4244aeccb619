import type { Contract } from './contract.ts'
import type { Store } from '../stores/store.ts'
import type { NodeCalls } from './calls.ts'
import type { TimestampExtractor } from './timestamp-extractor.ts'
import type { Topic } from './topic.ts'
import type { TopicPattern } from './topic-pattern.ts'

export type NodeKind =
  'source' | 'validate' | 'filter' | 'map-values' | 'peek' | 'merge' | 'branch' | 'branch-case' | 'processor' | 'async-processor' | 'sink' | 'dead-letter-sink'

/** Where partitions are begun that nobody has read yet. */
export type OffsetReset = 'earliest' | 'latest'

export interface TopicChoice {
  /** What the function that chooses is called. */
  readonly chooser: string
  readonly topics: readonly Topic[]
}

/** A node as data: enough to draw, check and number it. What it does is wired by its stream. */
export interface Node {
  /** Its place in the order of definition. */
  readonly index: number
  readonly name: string
  readonly kind: NodeKind
  /** The name of the topology that it was defined in; in a combination one of those that were combined. */
  readonly topology: string
  readonly parents: readonly Node[]
  readonly stores: readonly Store[]
  /** Of a source or a sink of one topic. */
  readonly topic: Topic | undefined
  /** What a source reads by name, all of it. */
  readonly topics: readonly Topic[]
  /** Of a source that reads whatever topics match. */
  readonly pattern?: TopicPattern | undefined
  /** Of a sink that chooses a topic for each record. */
  readonly choice?: TopicChoice | undefined
  /** Of a source that says so; left out: as the worker is told. */
  readonly offsetReset?: OffsetReset | undefined
  /** Of a source that has one; left out: a record's own timestamp counts. */
  readonly timestampExtractor?: TimestampExtractor | undefined
  /** Of a node that waits for something outside. */
  readonly calls?: NodeCalls | undefined
  /** Of a validation: what it checks. */
  readonly contract?: Contract<unknown> | undefined
}
