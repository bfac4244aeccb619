import { randomUUID } from 'node:crypto'
import { copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { fileSha256 } from './file-sha256.ts'
import { isMissing } from './missing-file.ts'
import type { FileToStore, ObjectStore, StoredObject } from './object-store.ts'
import { WorkError } from './work-error.ts'

/** Where files are until they are whole. */
const PARTIAL = '.partial'

/** A store that is a folder: of a disk that all workers see, or of this machine. Its checksums are computed when they are asked for. */
export function openFolderStore (folder: string): ObjectStore {
  const root = resolve(folder)

  /** Whatever the path says, it stays below the folder. */
  function placeOf (path: string): string {
    const place = resolve(root, path)
    if (!place.startsWith(root + sep)) throw new WorkError(`Path ${JSON.stringify(path)} leads out of the store.`, { errorClass: 'permanent' })
    return place
  }

  async function find (path: string, signal: AbortSignal): Promise<StoredObject | undefined> {
    const place = placeOf(path)
    try {
      const { size } = await stat(place)
      return { bytes: size, sha256: await fileSha256(place, signal) }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw failureOf(error, signal)
    }
  }

  async function put (path: string, { file, sha256 }: FileToStore, signal: AbortSignal): Promise<void> {
    const place = placeOf(path)
    if ((await find(path, signal))?.sha256 === sha256) return
    const partial = join(root, PARTIAL, randomUUID())
    try {
      await mkdir(dirname(partial), { recursive: true })
      await mkdir(dirname(place), { recursive: true })
      await copyFile(file, partial)
      signal.throwIfAborted()
      await forceToDisk(partial)
      await rename(partial, place)
      // A name is on disk when the folder is that has it.
      for (let within = dirname(place); within.startsWith(root); within = dirname(within)) await forceToDisk(within)
    } catch (error) {
      throw failureOf(error, signal)
    } finally {
      await rm(partial, { force: true })
    }
  }

  return { name: `the folder ${root}`, find, put }
}

/** The cached copy is removed as soon as the file is stored, so what is stored has to outlive a power cut. */
async function forceToDisk (path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A full disk, or rights that are missing: no fault of the file, and nobody knows how long it takes. */
function failureOf (error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof WorkError) return error
  return new WorkError(`The folder of the store cannot be read or written: ${error instanceof Error ? error.message : String(error)}.`, { errorClass: 'unknown', cause: error })
}
