import { Duplex } from 'node:stream'
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import { databaseOn, type Database } from './postgres/database.ts'

export interface PgliteOptions {
  /** Where the database lies; left out: in memory, gone with the process. */
  readonly dataDir?: string
}

/**
 * A Postgres in this process, for the embedded default. It has one session: who asks while a unit is being written waits
 * until that is committed, so nobody may hold a session and wait for a query of the database.
 */
export async function openPglite ({ dataDir = 'memory://' }: PgliteOptions = {}): Promise<Database> {
  const pglite = await PGlite.create(dataDir)
  const database = databaseOn(new pg.Pool({
    stream: () => new PgliteStream(pglite),
    // PGlite asks for no password and knows one user; without a name here the driver would take that of the process.
    user: 'postgres',
    database: 'postgres',
    max: 1,
    idleTimeoutMillis: 0,
    pipeline: true
  }))
  return {
    ...database,
    async close () {
      await database.close()
      await pglite.close()
    }
  }
}

/**
 * What pg takes for a socket: its messages go to PGlite as they are. PGlite's own adapter for pg takes neither a query's
 * `types` nor several statements at once.
 */
class PgliteStream extends Duplex {
  readonly #pglite: PGlite

  constructor (pglite: PGlite) {
    super()
    this.#pglite = pglite
  }

  connect (): this {
    // A client before this one may have been thrown away in the middle of anything; the session is the same.
    this.#pglite.exec('rollback; deallocate all').then(() => this.emit('connect'), error => this.destroy(error))
    return this
  }

  override _read (): void {}

  override _write (message: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(message, done)
  }

  /** Everything written since the last answer, as one: a pipeline costs one call. */
  override _writev (chunks: readonly { readonly chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done)
  }

  override _final (done: () => void): void {
    this.push(null)
    done()
  }

  #send (messages: Buffer, done: (error?: Error | null) => void): void {
    // The last word of a client would end PGlite itself.
    const said = messages.subarray(-TERMINATE.length).equals(TERMINATE) ? messages.subarray(0, -TERMINATE.length) : messages
    if (said.length === 0) return done()
    this.#pglite.execProtocolRaw(said).then(answer => {
      this.push(answer)
      done()
    }, error => done(error instanceof Error ? error : new Error(String(error))))
  }

  /** A socket has these; they mean nothing here. */
  setNoDelay (): this { return this }
  setKeepAlive (): this { return this }
  ref (): this { return this }
  unref (): this { return this }
}

const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4])
