import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createRandom, createSkewed } from '../../bin/sample-events.ts'
import { userNames } from '../lib/events.ts'
import { readAttack } from './attack.ts'
import type { LoadOptions, LoadResult } from './result.ts'

const run = promisify(execFile)

const MODULE = 'github.com/tsenart/vegeta/v12'
const VERSION = 'v12.13.0'
const TMP = fileURLToPath(new URL('../tmp/', import.meta.url))
const BIN = join(TMP, `vegeta-${VERSION}`)
const INSTALL_MS = 600_000
/** An answer that has not come by then is an error. */
const TIMEOUT_SECONDS = 10

/**
 * vegeta (in Go) sends each request when it is due, on a new connection where all are busy, whatever becomes of those before. A tool with
 * a fixed number of connections, which guesses afterwards what the requests would have met that it did not send, measures something else
 * while a server stands still.
 */
export async function installVegeta (say: (line: string) => void): Promise<string> {
  const program = join(BIN, 'vegeta')
  if (await access(program).then(() => true, () => false)) return program
  say(`installing vegeta ${VERSION}`)
  await mkdir(BIN, { recursive: true })
  try {
    await run('go', ['install', `${MODULE}@${VERSION}`], { env: { ...process.env, GOBIN: BIN }, timeout: INSTALL_MS })
  } catch (error) {
    throw new Error(`The load tool vegeta could not be installed; it needs Go, from https://go.dev/dl: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  return program
}

/** Asks /reco at a fixed rate, for users drawn from a seed. */
export async function attack (program: string, options: LoadOptions): Promise<LoadResult> {
  const { perSecond } = options
  const directory = await mkdtemp(join(TMP, 'attack-'))
  try {
    const [targets, raw, lines] = [join(directory, 'targets'), join(directory, 'raw'), join(directory, 'lines')]
    await writeFile(targets, targetsOf(options))
    // Until the end of the list: after a while that is given it would leave out what it is late with.
    await run(program, ['attack', '-lazy', `-targets=${targets}`, '-duration=0', `-rate=${perSecond}/s`, `-timeout=${TIMEOUT_SECONDS}s`, `-output=${raw}`])
    await run(program, ['encode', '-to=json', `-output=${lines}`, raw])
    return await readAttack(lines, options)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function targetsOf ({ origin, perSecond, seconds, users, userSkew, k }: LoadOptions): string {
  const drawUser = createSkewed(userNames(users), userSkew, createRandom(6))
  return Array.from({ length: perSecond * seconds }, () => `GET ${origin}/reco?user_id=${drawUser()}&session_id=bench&k=${k}\n`).join('')
}
