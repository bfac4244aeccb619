import { appendFileSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, run, spawnDetached, waitUntilReady, type UserIds } from './processes.ts'
import { findProgram, requireProgram } from './programs.ts'
import type { RunningService } from './state.ts'

/** Fast, not durable: what a test writes need not survive the machine. Logical decoding is for change data capture. */
const settings = [
  "listen_addresses='127.0.0.1'",
  'max_connections=200',
  'shared_buffers=256MB',
  'wal_level=logical',
  'max_wal_senders=10',
  'max_replication_slots=10',
  'fsync=off',
  'full_page_writes=off'
]

export interface PostgresExtras {
  /** More lines for postgresql.conf. */
  readonly settings?: readonly string[]
  /** More for initdb; later ones win. */
  readonly initArguments?: readonly string[]
  /** Files that the server's user must own, such as a private key. */
  readonly files?: readonly string[]
}

/** One Postgres with a fresh data directory; everybody on this machine may connect as `postgres`. */
export async function startPostgres (directory: string, { settings: further = [], initArguments = [], files = [] }: PostgresExtras = {}): Promise<RunningService> {
  const initdb = await requireProgram(findInitdb, 'PostgreSQL', 'postgresql')
  const user = await serverUser()
  const data = join(directory, 'data')
  mkdirSync(data, { mode: 0o700 })
  if (user !== undefined) for (const path of [directory, data, ...files]) chownSync(path, user.uid, user.gid)

  await run(initdb, ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', ...initArguments], { cwd: directory, ...user })
  const port = await freePort()
  appendFileSync(join(data, 'postgresql.conf'), [...settings, ...further, `port=${port}`, `unix_socket_directories='${directory}'`].join('\n') + '\n')

  return {
    name: 'postgres',
    pid: await serve(directory, port),
    commandContains: data,
    port,
    address: `postgres://postgres@127.0.0.1:${port}/postgres`,
    directory
  }
}

/** One that was stopped, on its port and with its data. */
export async function startPostgresAgain (stopped: RunningService): Promise<RunningService> {
  return { ...stopped, pid: await serve(stopped.directory, stopped.port) }
}

async function serve (directory: string, port: number): Promise<number> {
  const bin = join(await requireProgram(findInitdb, 'PostgreSQL', 'postgresql'), '..')
  const logFile = join(directory, 'log')
  const pid = await spawnDetached({ program: join(bin, 'postgres'), args: ['-D', join(directory, 'data')], cwd: directory, logFile, user: await serverUser() })
  await waitUntilReady(pid, logFile, () => isReady(join(bin, 'pg_isready'), port))
  return pid
}

/** Debian keeps the server's programs out of the PATH, one folder per version; the newest is taken. */
function findInitdb (): string | undefined {
  const versions = '/usr/lib/postgresql'
  const folders = existsSync(versions) ? readdirSync(versions).sort((a, b) => Number(b) - Number(a)) : []
  return folders.map(version => join(versions, version, 'bin', 'initdb')).find(file => existsSync(file)) ?? findProgram('initdb')
}

/** Postgres refuses to run as root: root starts it as the user that the package made. */
async function serverUser (): Promise<UserIds | undefined> {
  if (process.getuid?.() !== 0) return undefined
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map(async option => Number((await run('id', [option, 'postgres'])).stdout)))
    if (uid !== undefined && gid !== undefined) return { uid, gid }
  } catch (cause) {
    throw new Error('PostgreSQL refuses to run as root and there is no user "postgres"; create one, or start the services as another user', { cause })
  }
}

async function isReady (program: string, port: number): Promise<boolean> {
  try {
    await run(program, ['-q', '-h', '127.0.0.1', '-p', String(port), '-U', 'postgres'])
    return true
  } catch {
    return false
  }
}
