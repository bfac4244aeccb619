import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isMissing } from './missing-file.ts'

export interface SweepOptions {
  readonly folder: string
  readonly olderThanMs: number
  readonly nowMs: number
}

/** What is a cache file's name, whole or begun; nothing else in the folder is ours to remove. */
const OURS = /^(\.partial-[0-9a-f-]{36}|[0-9a-f-]{36}\.[0-9a-f]{64})$/

/**
 * Removes cache files that nobody came for, and tells how many. A file that somebody still comes for is no loss: its task goes back to where
 * files are fetched.
 */
export async function sweepCache ({ folder, olderThanMs, nowMs }: SweepOptions): Promise<number> {
  const names = await readdir(folder).catch(emptyIfMissing)
  let removed = 0
  for (const name of names.filter(name => OURS.test(name))) {
    const path = join(folder, name)
    // Another worker may sweep, or upload, at the same time.
    const changed = await stat(path).catch(undefinedIfMissing)
    if (changed === undefined || nowMs - changed.mtimeMs < olderThanMs) continue
    await rm(path, { force: true })
    removed++
  }
  return removed
}

function emptyIfMissing (error: unknown): string[] {
  if (isMissing(error)) return []
  throw error
}

function undefinedIfMissing (error: unknown): undefined {
  if (isMissing(error)) return undefined
  throw error
}
