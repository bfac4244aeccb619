import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { checkRun } from '../counting/check.ts'
import { environmentOf, readTable } from '../counting/millrace.ts'
import type { CountingRun } from '../counting/subject.ts'
import { counting } from '../counting/topology.ts'
import type { Owner } from '../lib/owner.ts'
import { committedRecords } from '../lib/positions.ts'
import { startProcess, type StartedProcess } from '../lib/processes.ts'
import { KILLED_AT, type RecoverySubject } from './subject.ts'

const TIMEOUT_MS = 300_000
const LOOK_EVERY_MS = 10

export const restarted = recovery('Millrace, restarted at once', 'restart')
export const restartedByName = recovery('Millrace, restarted at once under its KAFKA_GROUP_INSTANCE_ID', 'restart-by-name')
export const takenOver = recovery('Millrace, a second worker takes over', 'take-over')

/** The positions tell; the whole log is worked off behind it, and what it came to is compared with the model. */
function recovery (name: string, way: 'restart' | 'restart-by-name' | 'take-over'): RecoverySubject {
  return {
    name,
    isPeer: false,
    async run (owner, run) {
      const { services, applicationId, records } = run
      const client = new Client({ connectionString: services.postgres, application_name: 'bench' })
      await client.connect()
      owner.after(async () => await client.end())
      const committed = async (): Promise<number> => await committedRecords(client, applicationId)
      const start = (name?: string): StartedProcess => startWorker(owner, run, name === undefined ? {} : { KAFKA_GROUP_INSTANCE_ID: name })

      const names: readonly (string | undefined)[] = NAMES[way]
      const workers = names.map(name => start(name))
      await until(async () => await committed() >= records * KILLED_AT, workers)
      // Of two the one that has more to lose: who came second may have nothing yet.
      const victim = names.length < 2 ? 0 : names.indexOf(await busiestOwner(client, applicationId))
      const killed = workers[victim]
      if (killed === undefined) throw new Error(`None of ${names.join(', ')} has a task.`)
      killed.child.kill('SIGKILL')
      const killedAt = performance.now()
      await killed.exited
      const before = await partitionsOf(client, applicationId)
      const next = workers.find(worker => worker !== killed) ?? start(names[victim])
      // The other worker's own partitions go on all the time: every partition that has more has to move.
      await until(async () => await movedAll(client, applicationId, before), [next])
      const ms = performance.now() - killedAt
      await until(async () => await committed() >= records, [next])
      await next.stop()
      return { ms, mistake: await checkRun(run, await readTable(run, counting)) ?? null }
    }
  }
}

function startWorker (owner: Owner, run: CountingRun, environment: Readonly<Record<string, string>>): StartedProcess {
  return startProcess(owner, 'bin/millrace.js', { ...environmentOf(run), ...environment }, ['run', fileURLToPath(new URL('../counting/topology.ts', import.meta.url))])
}

const NAMES = { restart: [undefined], 'restart-by-name': ['worker-1'], 'take-over': ['worker-1', 'worker-2'] } as const

async function busiestOwner (client: Client, applicationId: string): Promise<string | undefined> {
  const { rows } = await client.query<{ owner: string }>(`select owner from "${applicationId}".millrace_tasks group by owner order by count(*) desc limit 1`)
  return rows[0]?.owner
}

type Positions = ReadonlyMap<number, number>

async function partitionsOf (client: Client, applicationId: string): Promise<Positions> {
  const { rows } = await client.query<{ partition: number, next: string }>(`select partition, value as next from "${applicationId}".millrace_tasks, jsonb_each_text(offsets)`)
  return new Map(rows.map(({ partition, next }) => [partition, Number(next)]))
}

async function movedAll (client: Client, applicationId: string, before: Positions): Promise<boolean> {
  const now = await partitionsOf(client, applicationId)
  return [...before].every(([partition, next]) => (now.get(partition) ?? 0) > next)
}

async function until (condition: () => Promise<boolean>, processes: readonly StartedProcess[]): Promise<void> {
  for (const deadline = Date.now() + TIMEOUT_MS; !await condition();) {
    const ended = processes.find(({ child }) => child.exitCode !== null || child.signalCode !== null)
    if (ended !== undefined) throw new Error(`It ended early:\n${ended.output()}`)
    if (Date.now() > deadline) throw new Error(`It is not done after ${TIMEOUT_MS} ms.`)
    await sleep(LOOK_EVERY_MS)
  }
}
