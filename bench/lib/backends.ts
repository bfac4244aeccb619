import { Client } from 'pg'
import type { Services } from '../../test/helpers/services.ts'
import { cpuSecondsOf, parentOf } from './cpu.ts'
import type { Owner } from './owner.ts'

/** Asks what the backends that serve an application have taken so far; undefined where Postgres is on another machine. */
export async function openBackendsMeter (owner: Owner, { postgres }: Services, applicationId: string): Promise<() => Promise<number | undefined>> {
  const client = new Client({ connectionString: postgres, application_name: 'bench' })
  await client.connect()
  owner.after(async () => await client.end())
  const { rows: [own] } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const isHere = own !== undefined && await parentOf(own.pid) !== undefined
  return async () => {
    if (!isHere) return undefined
    const { rows } = await client.query<{ pid: number }>('select pid from pg_stat_activity where application_name like $1', [`millrace ${applicationId}%`])
    const seconds = await Promise.all(rows.map(async ({ pid }) => await cpuSecondsOf(pid)))
    return seconds.reduce<number>((sum, each) => sum + (each ?? 0), 0)
  }
}
