import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openFlakyFiles, usualTroubles, type FlakyFiles, type FlakyFilesOptions, type Troubles } from '../../bin/flaky-files.ts'
import { createDownloader } from '../../processors/downloads/downloader.ts'
import { createUrlPolicy } from '../../processors/downloads/url-policy.ts'
import { WorkError } from '../../processors/downloads/work-error.ts'
import { downloadTask, openFolder, sha256Of } from '../helpers/downloads.ts'

const none: Troubles = { unavailable: 0, silent: 0, missing: 0, slow: 0, truncated: 0 }

async function open (t: TestContext, options: Partial<FlakyFilesOptions> = {}): Promise<FlakyFiles> {
  const files = await openFlakyFiles({ seed: 1, files: 2_000, troubles: none, ...options })
  t.after(files.close)
  return files
}

/** What one attempt comes to: a status, or that there was no answer, or not a whole one. */
async function outcomeOf (url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    await response.arrayBuffer()
    return String(response.status)
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError' ? 'silent' : 'broken'
  }
}

void test('every file is what it should be, whether or not it says how long it is', async t => {
  const files = await open(t)

  for (const file of [0, 1, 2, 3, 1_999]) {
    const response = await fetch(files.urlOf(file))
    const content = Buffer.from(await response.arrayBuffer())
    deepEqual(files.expected(file), { kind: 'file', bytes: content.length, sha256: sha256Of(content) })
    equal(response.headers.has('content-length'), file % 2 === 0)
  }
  deepEqual([files.expected(2_000), await outcomeOf(files.urlOf(2_000))], [{ kind: 'missing' }, '404'])
  deepEqual([files.calls().total, files.calls().sent, files.calls().missing], [6, 5, 1])
})

void test('the same seed has the same files and the same troubles, another has others', async t => {
  const troubles = { ...none, unavailable: 0.3, missing: 0.1, truncated: 0.1 }
  const play = async (seed: number): Promise<string[]> => {
    const files = await open(t, { seed, troubles })
    const outcomes: string[] = []
    for (let file = 0; file < 30; file++) {
      for (let attempt = 0; attempt < 3; attempt++) outcomes.push(`${await outcomeOf(files.urlOf(file))} ${JSON.stringify(files.expected(file))}`)
    }
    return outcomes
  }

  const [first, again, other] = [await play(7), await play(7), await play(8)]

  deepEqual(again, first)
  ok(other.join() !== first.join())
})

void test('it knows how many troubles of its own a file has met', async t => {
  const files = await open(t, { troubles: { ...none, unavailable: 1 } })

  for (let attempt = 0; attempt < 3; attempt++) await outcomeOf(files.urlOf(5))
  files.startOutage(60_000)
  await outcomeOf(files.urlOf(5))

  deepEqual([files.troublesOf(5), files.troublesOf(6)], [3, 0])
})

void test('troubles are as frequent as they are said to be; what is missing stays missing, all else is drawn anew', async t => {
  const files = await open(t, { files: 1_000, troubles: { ...usualTroubles, silent: 0, slow: 0 } })
  const failed: number[] = []
  for (let file = 0; file < 1_000; file++) {
    const outcome = await outcomeOf(files.urlOf(file))
    equal(outcome === '404', files.expected(file).kind === 'missing')
    if (outcome !== '200' && outcome !== '404') failed.push(file)
  }

  const { unavailable, missing, truncated, sent } = files.calls()
  ok(unavailable > 25 && unavailable < 80, `${unavailable} of 50`)
  ok(missing > 1 && missing < 25, `${missing} of 10`)
  ok(truncated > 0 && truncated < 15, `${truncated} of 5`)
  equal(sent + unavailable + missing + truncated, 1_000)
  const again = await Promise.all(failed.map(async file => await outcomeOf(files.urlOf(file))))
  ok(again.filter(outcome => outcome === '200').length > failed.length * 0.8)
})

void test('a file server that is silent, slow or cuts its bodies is just that to a download', async t => {
  const folder = await openFolder(t)
  const downloader = createDownloader({ policy: createUrlPolicy({ allowedHosts: [], allowHttp: true, allowPrivate: true }), cacheFolder: folder, timeoutMs: 300, maxBytes: 100_000, maxRedirects: 0 })
  t.after(downloader.close)
  const download = async (files: FlakyFiles, file: number) => await downloader.download(downloadTask({ attachment_url: files.urlOf(file) }), { signal: new AbortController().signal, attempt: 1 })
  const transient = (error: unknown): boolean => error instanceof WorkError && error.errorClass === 'transient'

  await rejects(download(await open(t, { troubles: { ...none, silent: 1 } }), 0), transient)
  await rejects(download(await open(t, { troubles: { ...none, slow: 1 }, slowBodyMs: 5_000 }), 0), transient)
  for (const file of [0, 1]) await rejects(download(await open(t, { troubles: { ...none, truncated: 1 } }), file), transient)
  const slow = await open(t, { troubles: { ...none, slow: 1 }, slowBodyMs: 50 })
  const { bytes, sha256 } = await download(slow, 0)
  deepEqual(slow.expected(0), { kind: 'file', bytes, sha256 })
})

void test('nobody is answered while there is an outage', async t => {
  const planned = await open(t, { outage: { afterMs: 0, forMs: 60_000 } })
  const begun = await open(t)

  equal(await outcomeOf(begun.urlOf(0)), '200')
  begun.startOutage(60_000)

  deepEqual([await outcomeOf(planned.urlOf(0)), await outcomeOf(begun.urlOf(0))], ['broken', 'broken'])
  deepEqual([planned.calls().outage, begun.calls().outage], [1, 1])
})

void test('an outage ends by itself', async t => {
  const files = await open(t)

  files.startOutage(100)
  let broken = 0
  while (await outcomeOf(files.urlOf(0)) === 'broken') broken++

  ok(broken > 0)
  equal(files.calls().sent, 1)
})
