import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { hashFor, type BodyDigest } from './body-digest.ts'

export interface CacheFileOptions {
  readonly folder: string
  readonly mediaId: string
  readonly maxBytes: number
  readonly digest: BodyDigest | undefined
  readonly signal: AbortSignal
  /** Thrown when the body has more than `maxBytes`. */
  readonly tooLarge: () => Error
}

export interface CacheFile {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

/**
 * Writes a body to the cache: under another name until it is whole, so that a file of the cache is complete or not there. Undefined where the
 * body does not hash to its digest. What was begun is gone when this rejects.
 *
 * Delivered twice: the name holds the checksum, so the same file is replaced by itself and another content lies beside it. It is not forced to
 * disk; who reads it compares the checksum, and after a power cut it is fetched again.
 */
export async function writeCacheFile (body: AsyncIterable<Uint8Array>, { folder, mediaId, maxBytes, digest, signal, tooLarge }: CacheFileOptions): Promise<CacheFile | undefined> {
  await mkdir(folder, { recursive: true })
  const partial = join(folder, `.partial-${randomUUID()}`)
  const sha = createHash('sha256')
  const other = hashFor(digest)
  let bytes = 0
  async function * measured (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (bytes > maxBytes) throw tooLarge()
      sha.update(chunk)
      other?.update(chunk)
      yield chunk
    }
  }
  // Opened before anything can abort: a stream that still opens its file would make it after we removed it.
  const handle = await open(partial, 'wx')
  try {
    await pipeline(body, measured, handle.createWriteStream(), { signal })
    const hash = sha.digest()
    if (digest !== undefined && (other?.digest() ?? hash).toString('base64') !== digest.value) return undefined
    const sha256 = hash.toString('hex')
    const path = resolve(folder, `${mediaId}.${sha256}`)
    await rename(partial, path)
    return { path, bytes, sha256 }
  } finally {
    await rm(partial, { force: true })
  }
}
