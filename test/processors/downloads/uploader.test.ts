import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { access, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openFolderStore } from '../../../processors/downloads/folder-store.ts'
import type { ObjectStore } from '../../../processors/downloads/object-store.ts'
import { createUploader } from '../../../processors/downloads/uploader.ts'
import { WorkError } from '../../../processors/downloads/work-error.ts'
import { cachedDownload, downloadTask, openFolder, sha256Of } from '../../helpers/downloads.ts'

const never = new AbortController().signal
const first = { signal: never, attempt: 1 }
const NOW = Date.parse('2026-01-01T00:00:02Z')

async function openWorld (t: TestContext, storeOf: (store: ObjectStore) => ObjectStore = store => store) {
  const cacheFolder = await openFolder(t)
  const store = openFolderStore(await openFolder(t))
  const upload = createUploader({ store: storeOf(store), cacheFolder, timeoutMs: 5_000, now: () => NOW })
  const cached = cachedDownload({ cache_path: join(cacheFolder, 'file') }, 'a file')
  await writeFile(cached.cache_path, 'a file')
  return { cacheFolder, store, upload, cached }
}

async function isThere (path: string): Promise<boolean> {
  return await access(path).then(() => true, () => false)
}

void test('a file is in the store and no longer in the cache, and its result says so', async t => {
  const { upload, cached, store, cacheFolder } = await openWorld(t)

  const outcome = await upload({ ...cached, retry_count: 2 }, { signal: never, attempt: 3 })

  deepEqual(outcome, {
    kind: 'completed',
    result: {
      media_id: cached.media_id,
      trace_id: 'trace-1',
      assignment_id: 'A1',
      attachment_url: cached.attachment_url,
      blob_path: cached.blob_path,
      status: 'completed',
      attempts: 5,
      bytes: 6,
      sha256: sha256Of('a file'),
      content_type: 'application/pdf',
      download_ms: 5,
      upload_ms: 0,
      finished_at: '2026-01-01T00:00:02.000Z'
    }
  })
  equal((await store.find(cached.blob_path, never))?.sha256, cached.sha256)
  deepEqual(await readdir(cacheFolder), [])
})

void test('an upload delivered twice is complete twice, without the cache file', async t => {
  const { upload, cached } = await openWorld(t)

  const outcomes = [await upload(cached, first), await upload(cached, first)]

  deepEqual(outcomes[1], outcomes[0])
})

void test('a file that neither the cache nor the store has is fetched again, with its count of failed attempts', async t => {
  const { upload, cached } = await openWorld(t)
  await rm(cached.cache_path)

  const outcome = await upload({ ...cached, retry_count: 3, ...{ vendor: 'v' } }, { signal: never, attempt: 2 })

  deepEqual(outcome, { kind: 'fetch-again', task: { ...downloadTask(), retry_count: 3, vendor: 'v' } })
})

void test('a blob of another content does not make up for a cache file that is gone', async t => {
  const { upload, cached, store, cacheFolder } = await openWorld(t)
  await writeFile(join(cacheFolder, 'other'), 'other!')
  await store.put(cached.blob_path, { file: join(cacheFolder, 'other'), bytes: 6, sha256: sha256Of('other!'), contentType: 'text/plain' }, never)
  await rm(cached.cache_path)

  equal((await upload(cached, first)).kind, 'fetch-again')
})

for (const [kind, content] of [['shorter', 'a fil'], ['other', 'A FILE'], ['empty', '']] as const) {
  void test(`what the cache has that is not what was fetched (${kind}) is as good as nothing`, async t => {
    const { upload, cached, store } = await openWorld(t)
    await writeFile(cached.cache_path, content)

    equal((await upload(cached, first)).kind, 'fetch-again')
    equal(await isThere(cached.cache_path), false)
    equal(await store.find(cached.blob_path, never), undefined)
  })
}

void test('a file that goes away while it is uploaded is no failure', async t => {
  const { upload, cached } = await openWorld(t, store => ({
    ...store,
    put: async (path, file, signal) => {
      await rm(file.file)
      await store.put(path, file, signal)
    }
  }))

  equal((await upload(cached, first)).kind, 'fetch-again')
})

void test('an upload that fails keeps its file for the next', async t => {
  const busy = new WorkError('The store is busy.', { errorClass: 'transient', retryAfterMs: 5, httpStatus: 503 })
  let isBusy = true
  const { upload, cached } = await openWorld(t, store => ({
    ...store,
    put: async (...args) => {
      if (isBusy) throw busy
      await store.put(...args)
    }
  }))

  await rejects(upload(cached, first), error => error === busy)
  isBusy = false

  equal((await upload(cached, first)).kind, 'completed')
})

void test('an upload that takes too long is transient, one that is aborted rejects with the reason', async t => {
  const { cached, cacheFolder, store } = await openWorld(t)
  const hanging: ObjectStore = {
    ...store,
    put: async (_path, _file, signal) => {
      const { promise, reject } = Promise.withResolvers<never>()
      signal.addEventListener('abort', () => reject(signal.reason))
      return await promise
    }
  }
  const upload = createUploader({ store: hanging, cacheFolder, timeoutMs: 50 })
  const reason = new Error('revoked')
  const stop = new AbortController()

  await rejects(upload(cached, first), error => error instanceof WorkError && error.errorClass === 'transient' && error.message.includes('within 50 ms'))
  const aborted = createUploader({ store: hanging, cacheFolder, timeoutMs: 60_000 })(cached, { signal: stop.signal, attempt: 1 })
  stop.abort(reason)
  await rejects(aborted, error => error === reason)
  ok(await isThere(cached.cache_path))
})

void test('a record that names a file outside of the cache reads nothing', async t => {
  const { upload, cached, cacheFolder, store } = await openWorld(t)

  for (const path of ['/etc/hostname', join(cacheFolder, '..', 'elsewhere'), `${cacheFolder}-2/file`, cacheFolder]) {
    await rejects(upload({ ...cached, cache_path: path }, first), error => error instanceof WorkError && error.errorClass === 'permanent', path)
  }
  equal(await store.find(cached.blob_path, never), undefined)
})
