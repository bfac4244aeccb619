import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { messageOf } from '../errors.ts'
import { topicName } from '../graph/topic-names.ts'
import type { Topology } from '../graph/topology.ts'
import type { Logger } from '../logger.ts'
import type { PostgresOptions } from '../state/postgres/database.ts'
import type { EngineSchema } from '../state/postgres/engine-schema.ts'
import type { Pulse } from '../task/pulse.ts'
import { watchedSource, type WatchedSource } from '../task/watched-source.ts'
import { TICK_MS } from './loop-watch.ts'

export interface WatchdogOptions {
  readonly topology: Topology
  readonly schema: EngineSchema
  /** Written by the thread that runs records. */
  readonly pulse: Pulse
  readonly recordTimeoutMs: number
  /** Where to write down a record that does not end; undefined: the database is in this process, and stands still with it. */
  readonly database: Pick<PostgresOptions, 'url'> | undefined
  readonly logger: Logger
}

/** What the watchdog's thread is given: a thread can be handed data only. */
export interface WatchdogData {
  readonly schema: EngineSchema
  readonly memory: SharedArrayBuffer
  readonly limitTicks: number
  readonly seconds: number
  readonly database: Pick<PostgresOptions, 'url'> | undefined
  /** By number; those that patterns find follow as messages. */
  readonly sources: readonly WatchedSource[]
  readonly nodes: readonly string[]
}

/**
 * Watches, from a thread of its own, that no record stays in its nodes for ever. While one does, nothing else happens in this
 * process: no heartbeat, no signal, no answer. So the thread writes the record down, that the next owner of its partition may
 * dead-letter it, says so, and kills the process.
 */
export function startWatchdog ({ topology, schema, pulse, recordTimeoutMs, database, logger }: WatchdogOptions): { readonly stop: () => Promise<void> } {
  if (process.pid === 1) logger.warn({}, 'this process is the first of its container, which nothing inside can kill: a record that makes a node run for ever will be told and not ended; run it with an init (docker run --init)')
  const data: WatchdogData = {
    schema,
    memory: pulse.memory,
    limitTicks: Math.ceil(recordTimeoutMs / TICK_MS),
    seconds: recordTimeoutMs / 1_000,
    database,
    sources: topology.sources.flatMap(({ node, topics }) => topics.map(topic => watchedSource(topology, node, topicName(topic, schema.applicationId)))),
    nodes: topology.nodes.map(({ name }) => name)
  }
  // Beside this file, in the language that it is in itself: in the package that is JavaScript.
  const thread = new Worker(new URL(`./watchdog-thread${extname(import.meta.url)}`, import.meta.url), { workerData: data, name: 'millrace watchdog' })
  pulse.whenFound(source => thread.postMessage(source))
  thread.unref()
  thread.on('error', error => logger.error({ error: messageOf(error) }, 'the watchdog has failed; a record that makes a node run for ever will not be noticed'))
  return { stop: async () => { await thread.terminate() } }
}
