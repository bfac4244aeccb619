import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { startPostgres, startPostgresAgain } from '../../scripts/services/postgres.ts'
import { stop } from '../../scripts/services/processes.ts'

/** A Postgres of the test's own, which may be stopped and started again on its port with its data. */
export interface OwnPostgres {
  readonly address: string
  readonly port: number
  /** As `pg_ctl stop -m immediate`: no session is told, the next start recovers. */
  readonly stopImmediately: () => Promise<void>
  readonly startAgain: () => Promise<void>
}

export async function openOwnPostgres (t: Pick<TestContext, 'after'>): Promise<OwnPostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-postgres-'))
  // Postgres runs as its own user, who has to pass.
  chmodSync(directory, 0o711)
  let service = await startPostgres(directory)
  t.after(async () => {
    await stop(service)
    rmSync(directory, { recursive: true, force: true })
  })
  return {
    address: service.address,
    port: service.port,
    async stopImmediately () {
      process.kill(service.pid, 'SIGQUIT')
      while (isThere(service.pid)) await new Promise(resolve => setTimeout(resolve, 20))
    },
    async startAgain () { service = await startPostgresAgain(service) }
  }
}

function isThere (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
