import { writeSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../errors.ts'
import { Pulse, type Beat } from '../task/pulse.ts'
import { createLoopWatch, TICK_MS } from './loop-watch.ts'
import type { WatchedSource } from '../task/watched-source.ts'
import type { WatchdogData } from './watchdog.ts'

/** The thread of `startWatchdog`, which gives it exactly this. */
const { schema, memory, limitTicks, seconds, database, sources: named, nodes } = workerData as WatchdogData

const sources = [...named]
parentPort?.on('message', (source: WatchedSource) => sources.push(source))

/** Whoever cannot be reached by then is away. */
const WRITE_TIMEOUT_MS = 5_000

const pulse = new Pulse(memory)
const isLooping = createLoopWatch(limitTicks)
const timer = setInterval(() => {
  const beat = pulse.read()
  if (!isLooping(beat?.run) || beat === undefined) return
  clearInterval(timer)
  void endProcess(beat)
}, TICK_MS)

async function endProcess (beat: Beat): Promise<void> {
  const { topic } = sourceOf(beat)
  const whatFollows = await writeDown(beat)
  // Past the streams of this thread, which are served by the one that stands still.
  writeSync(2, `millrace ${schema.applicationId}: record ${topic}-${beat.partition}@${beat.offset} has been in node '${nodes[beat.node] ?? beat.node}' for ${seconds} s and holds up everything else, so this process ends. ${whatFollows}\n`)
  // A signal that nobody handles: the thread that would handle any other stands still, and this one can only end itself.
  process.kill(process.pid, 'SIGKILL')
}

/** Says what became of it; never throws. */
async function writeDown (beat: Beat): Promise<string> {
  const { topic, subTopology, hasDeadLetters } = sourceOf(beat)
  if (!hasDeadLetters) return `The topology has no place for dead letters of '${topic}', so it will be tried again: mend the node, or route the rejects of a validation with to(topic, { format }).`
  if (database === undefined) return 'The database stands still with this process, so nothing is written down: mend the node.'
  // Loaded only now: a worker without such a record never needs it.
  const { openPostgres } = await import('../state/postgres/database.ts')
  const { openPostgresState } = await import('../state/postgres/postgres-state.ts')
  const connection = openPostgres({ ...database, applicationName: `millrace ${schema.applicationId} watchdog`, maxConnections: 1, statementTimeoutMs: WRITE_TIMEOUT_MS })
  const state = openPostgresState({ database: connection, schema, owner: 'watchdog', projected: false })
  try {
    const written = await Promise.race([
      state.condemn({ topic, subTopology, partition: beat.partition, offset: beat.offset, node: nodes[beat.node] ?? '' }),
      new Promise<never>((_resolve, reject) => setTimeout(() => reject(new Error('Postgres does not answer')), WRITE_TIMEOUT_MS * 2))
    ])
    return written
      ? 'It is written down, and goes to the dead letters when its partition is taken over again.'
      : 'It is not written down: somebody else has moved past it meanwhile, or the application was reset.'
  } catch (error) {
    return `It could not be written down (${messageOf(error)}), so it will be tried again.`
  }
}

function sourceOf ({ source }: Beat) {
  return sources[source] ?? { topic: `source ${source}`, subTopology: '', hasDeadLetters: false }
}
