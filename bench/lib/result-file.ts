import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Owner } from './owner.ts'

/** A file that a subject is to write, in a folder of its own that goes with the owner. */
export async function freshResultFile (owner: Owner): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  owner.after(async () => await rm(folder, { recursive: true, force: true }))
  return join(folder, 'result.json')
}
