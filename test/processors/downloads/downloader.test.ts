import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { createDownloader, type Downloader, type DownloaderOptions } from '../../../processors/downloads/downloader.ts'
import { createUrlPolicy, type UrlPolicyOptions } from '../../../processors/downloads/url-policy.ts'
import { WorkError } from '../../../processors/downloads/work-error.ts'
import { CachedDownload } from '../../../schemas/cached-download.ts'
import { contractOf } from '../../../streams/index.ts'
import { downloadTask, openFolder, sha256Of } from '../../helpers/downloads.ts'
import { openFileServer, type FileServer } from '../../helpers/file-server.ts'

interface World extends Downloader {
  readonly server: FileServer
  readonly folder: string
  /** Fetches a path of the server, as the first attempt. */
  readonly fetch: (path: string, signal?: AbortSignal) => Promise<CachedDownload>
}

const NOW = Date.parse('2026-01-01T00:00:00Z')

interface WorldOptions {
  readonly downloader?: Partial<DownloaderOptions>
  readonly policy?: Partial<UrlPolicyOptions>
}

async function openWorld (t: TestContext, answer: (request: IncomingMessage, response: ServerResponse, attempt: number) => void, options: WorldOptions = {}): Promise<World> {
  const server = await openFileServer(t, answer)
  const folder = await openFolder(t)
  const downloader = createDownloader({
    policy: createUrlPolicy({ allowedHosts: [], allowHttp: true, allowPrivate: true, ...options.policy }),
    cacheFolder: folder,
    timeoutMs: 5_000,
    maxBytes: 1_000,
    maxRedirects: 3,
    now: () => NOW,
    ...options.downloader
  })
  t.after(downloader.close)
  const never = new AbortController().signal
  return { ...downloader, server, folder, fetch: async (path, signal = never) => await downloader.download(downloadTask({ attachment_url: server.url + path }), { signal, attempt: 1 }) }
}

function failure (errorClass: string, message: RegExp, more: { readonly httpStatus?: number, readonly retryAfterMs?: number } = {}): (error: unknown) => boolean {
  return error => {
    ok(error instanceof WorkError, String(error))
    equal(error.errorClass, errorClass, error.message)
    match(error.message, message)
    deepEqual([error.httpStatus, error.retryAfterMs], [more.httpStatus, more.retryAfterMs])
    return true
  }
}

void test('a file lies in the cache with its size, checksum and kind, and nothing else does', async t => {
  const { fetch, folder } = await openWorld(t, (_request, response) => response.setHeader('content-type', 'application/pdf').end('a file'))

  const cached = await fetch('/a.pdf')

  deepEqual([cached.bytes, cached.sha256, cached.content_type, cached.retry_count, cached.downloaded_at], [6, sha256Of('a file'), 'application/pdf', 0, '2026-01-01T00:00:00.000Z'])
  equal(await readFile(cached.cache_path, 'utf8'), 'a file')
  deepEqual(await readdir(folder), [`${cached.media_id}.${cached.sha256}`])
  ok(contractOf(CachedDownload, 'cached').accepts(cached, { timestamp: 0 }))
})

void test('fields of the task are passed on, and failed attempts are added to its own', async t => {
  const { download, server } = await openWorld(t, (_request, response) => response.end('x'))
  const task = { ...downloadTask({ attachment_url: `${server.url}/a`, retry_count: 2 }), vendor: 'v' }

  const cached = await download(task, { signal: new AbortController().signal, attempt: 3 })

  deepEqual([{ vendor: '', ...cached }.vendor, cached.retry_count, cached.content_type], ['v', 4, 'application/octet-stream'])
})

void test('a file fetched twice lies there once, and another content of it beside it', async t => {
  const { fetch, folder } = await openWorld(t, (_request, response, attempt) => response.end(attempt < 3 ? 'first' : 'other'))

  const paths = [await fetch('/a'), await fetch('/a'), await fetch('/a')].map(({ cache_path: path }) => path)

  equal(paths[0], paths[1])
  equal((await readdir(folder)).length, 2)
  equal(await readFile(paths[0] ?? '', 'utf8'), 'first')
})

for (const status of [400, 401, 403, 404, 405, 410, 451]) {
  void test(`an answer ${status} is permanent`, async t => {
    const { fetch } = await openWorld(t, (_request, response) => response.writeHead(status, { 'retry-after': '5' }).end('no'))

    await rejects(fetch('/a'), failure('permanent', new RegExp(`^127.0.0.1 answered ${status}\\.$`), { httpStatus: status }))
  })
}

for (const status of [408, 425, 429, 500, 502, 503, 504]) {
  void test(`an answer ${status} is transient`, async t => {
    const { fetch } = await openWorld(t, (_request, response) => response.writeHead(status).end())

    await rejects(fetch('/a'), failure('transient', /answered/, { httpStatus: status }))
  })
}

for (const status of [204, 206, 300, 304, 402, 409, 418, 422]) {
  void test(`an answer ${status} is unknown`, async t => {
    const { fetch } = await openWorld(t, (_request, response) => response.writeHead(status).end())

    await rejects(fetch('/a'), failure('unknown', /answered/, { httpStatus: status }))
  })
}

for (const [header, retryAfterMs] of [['7', 7_000], ['Thu, 01 Jan 2026 00:01:30 GMT', 90_000], ['Wed, 31 Dec 2025 00:00:00 GMT', 0], ['99999999', 86_400_000], ['soon', undefined], ['-5', undefined]] as const) {
  void test(`Retry-After '${header}' is ${retryAfterMs ?? 'no'} ms`, async t => {
    const { fetch } = await openWorld(t, (_request, response) => response.writeHead(429, { 'retry-after': header }).end())

    await rejects(fetch('/a'), failure('transient', /429/, { httpStatus: 429, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }))
  })
}

void test('a 401 is tried once more with an authorization that was refreshed, and no more than once', async t => {
  const shown: (string | undefined)[] = []
  let token = 0
  const world = await openWorld(t, ({ url, headers: { authorization } }, response) => {
    shown.push(authorization)
    response.writeHead(url === '/a' && authorization === 'Bearer 1' ? 200 : 401).end('x')
  }, { downloader: { access: { authorization: () => `Bearer ${token}`, refresh: async () => { token++ } } } })

  equal((await world.fetch('/a')).bytes, 1)
  await rejects(world.fetch('/b'), failure('permanent', /401/, { httpStatus: 401 }))
  deepEqual(shown, ['Bearer 0', 'Bearer 1', 'Bearer 1', 'Bearer 2'])
})

void test('a file that says it is too large is not fetched, one that turns out to be leaves nothing behind', async t => {
  const { fetch, folder } = await openWorld(t, ({ url }, response) => {
    if (url === '/known') response.setHeader('content-length', 1_001)
    response.write('x'.repeat(600))
    response.end('x'.repeat(401))
  })

  await rejects(fetch('/known'), failure('permanent', /has 1001 bytes, wanted at most 1000/, { httpStatus: 200 }))
  await rejects(fetch('/unknown'), failure('permanent', /has more than 1000 bytes/, { httpStatus: 200 }))
  deepEqual(await readdir(folder), [])
})

void test('a file of just the largest size is fetched, and so is an empty one', async t => {
  const { fetch } = await openWorld(t, ({ url }, response) => response.end('x'.repeat(url === '/full' ? 1_000 : 0)))

  deepEqual([(await fetch('/full')).bytes, (await fetch('/empty')).bytes], [1_000, 0])
})

for (const [kind, headers] of [['of a known length', { 'content-length': '100' }], ['in chunks', {}]] as const) {
  void test(`a body ${kind} that ends early is transient, and leaves nothing behind`, async t => {
    const { fetch, folder } = await openWorld(t, (_request, response) => {
      response.writeHead(200, headers)
      response.write('half', () => response.socket?.destroy())
    })

    await rejects(fetch('/a'), failure('transient', /could not be asked, or its answer not kept/))
    deepEqual(await readdir(folder), [])
  })

  void test(`a body ${kind} whose connection is closed in order is no shorter file`, async t => {
    const { fetch, folder } = await openWorld(t, (_request, response) => {
      response.writeHead(200, headers)
      response.write('half', () => response.socket?.end())
    })

    await rejects(fetch('/a'), failure('transient', /could not be asked, or its answer not kept/))
    deepEqual(await readdir(folder), [])
  })
}

void test('a server that does not answer, or not to the end, is transient after the timeout', async t => {
  const { fetch, folder } = await openWorld(t, ({ url }, response) => {
    if (url === '/slow') response.writeHead(200, { 'content-length': '100' }).write('h')
  }, { downloader: { timeoutMs: 100 } })

  await rejects(fetch('/silent'), failure('transient', /was not done within 100 ms/))
  await rejects(fetch('/slow'), failure('transient', /was not done within 100 ms/))
  deepEqual(await readdir(folder), [])
})

void test('nobody there is transient, and so is a connection that is cut', async t => {
  const cutting = createServer(socket => socket.destroy())
  cutting.listen(0, '127.0.0.1')
  await once(cutting, 'listening')
  t.after(() => cutting.close())
  const address = cutting.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { download } = await openWorld(t, () => {})
  const attempt = { signal: new AbortController().signal, attempt: 1 }

  await rejects(download(downloadTask({ attachment_url: `http://127.0.0.1:${port}/` }), attempt), failure('transient', /127\.0\.0\.1/))
  await rejects(download(downloadTask({ attachment_url: 'http://127.0.0.1:1/' }), attempt), failure('transient', /ECONNREFUSED/))
})

void test('aborting ends the attempt with its reason, and leaves nothing behind', async t => {
  const begun = Promise.withResolvers<void>()
  const { fetch, folder } = await openWorld(t, (_request, response) => {
    response.writeHead(200)
    response.write('half', () => begun.resolve())
  })
  const stop = new AbortController()
  const reason = new Error('the partition was taken away')

  const fetching = fetch('/a', stop.signal)
  await begun.promise
  while ((await readdir(folder)).length === 0) await new Promise(resolve => setImmediate(resolve))
  stop.abort(reason)

  await rejects(fetching, error => error === reason)
  deepEqual(await readdir(folder), [])
  await rejects(fetch('/a', stop.signal), error => error === reason)
})

void test('redirects are followed as far as allowed', async t => {
  const { fetch, server } = await openWorld(t, ({ url }, response) => {
    const left = Number(url?.slice(1))
    if (left === 0) response.end('x')
    else response.writeHead([301, 302, 303, 307, 308][left % 5] ?? 302, { location: `/${left - 1}` }).end('elsewhere')
  })

  equal((await fetch('/3')).bytes, 1)
  await rejects(fetch('/4'), failure('permanent', /more than 3 redirects/, { httpStatus: 302 }))
  equal(server.asked.length, 8)
})

void test('a redirect leads nowhere that the policy would not let the first request go', async t => {
  const elsewhere = await openFileServer(t, (_request, response) => response.end('secret'))
  const { fetch, server } = await openWorld(t, ({ url = '' }, response) => {
    const to = { '/scheme': 'file:///etc/passwd', '/host': 'http://169.254.169.254/latest', '/name': `http://127.0.0.1:${elsewhere.port}/`, '/broken': 'http://[' }[url]
    response.writeHead(302, to === undefined ? {} : { location: to }).end()
  }, { policy: { allowedHosts: ['localhost'] } })
  const path = (name: string): string => name.replace('/', `//localhost:${server.port}/`)

  for (const name of ['/scheme', '/host', '/name', '/broken']) {
    await rejects(fetchFrom(path(name)), failure('permanent', /^Refused by the URL policy/))
  }
  await rejects(fetchFrom(path('/nowhere')), failure('permanent', /without saying where to/, { httpStatus: 302 }))
  deepEqual(elsewhere.asked, [])
  await rejects(fetch('/a'), failure('permanent', /127.0.0.1 is not among the allowed/))

  async function fetchFrom (address: string): Promise<CachedDownload> {
    const downloader = createDownloader({ policy: createUrlPolicy({ allowedHosts: ['localhost'], allowHttp: true, allowPrivate: true }), cacheFolder: await openFolder(t), timeoutMs: 5_000, maxBytes: 10, maxRedirects: 3 })
    t.after(downloader.close)
    return await downloader.download(downloadTask({ attachment_url: `http:${address}` }), { signal: new AbortController().signal, attempt: 1 })
  }
})

for (const allowPrivate of [false, true]) {
  void test(`a name is resolved once, by the policy, for the connection itself: ${allowPrivate ? 'an allowed address is connected to' : 'a private address is not'}`, async t => {
    const resolved: string[] = []
    const { download, server } = await openWorld(t, (_request, response) => response.end('secret'), {
      policy: {
        allowPrivate,
        resolveHost: (hostname, _options, answer) => {
          resolved.push(hostname)
          answer(null, [{ address: '127.0.0.1', family: 4 }])
        }
      }
    })

    const downloading = download(downloadTask({ attachment_url: `http://rebinding.example:${server.port}/` }), { signal: new AbortController().signal, attempt: 1 })

    if (allowPrivate) equal((await downloading).bytes, 6)
    else await rejects(downloading, failure('permanent', /rebinding.example has the address 127.0.0.1/))
    deepEqual([resolved, server.asked.length], [['rebinding.example'], allowPrivate ? 1 : 0])
  })
}

const sha = (text: string): string => `sha-256=:${createHash('sha256').update(text).digest('base64')}:`
const md5 = (text: string): string => createHash('md5').update(text).digest('base64')

for (const [name, header] of [['repr-digest', sha('right')], ['content-digest', `sha-512=:AA==:, ${sha('right')}`], ['digest', sha('right').replaceAll(':', '')], ['content-md5', md5('right')]] as const) {
  void test(`a file that does not fit its ${name} is fetched once more`, async t => {
    const { fetch, server, folder } = await openWorld(t, (_request, response, attempt) => response.setHeader(name, header).end(attempt === 1 ? 'wrong' : 'right'))

    equal((await fetch('/a')).sha256, sha256Of('right'))
    equal(server.asked.length, 2)
    equal((await readdir(folder)).length, 1)
  })
}

void test('a file of a known length that does not fit its checksum twice is permanent, one of an unknown length is not', async t => {
  const { fetch, server, folder } = await openWorld(t, ({ url }, response) => {
    response.setHeader('repr-digest', sha('right'))
    if (url === '/unknown') response.write('wr')
    response.end(url === '/unknown' ? 'ong' : 'wrong')
  })

  await rejects(fetch('/known'), failure('permanent', /does not fit the checksum/))
  await rejects(fetch('/unknown'), failure('transient', /does not fit the checksum/))
  deepEqual(server.asked, ['/known', '/known', '/unknown', '/unknown'])
  deepEqual(await readdir(folder), [])
})

void test('a message holds nothing of the address but the host', async t => {
  const { fetch } = await openWorld(t, (_request, response) => response.writeHead(503).end())

  await rejects(fetch('/a?signature=secret'), (error: Error) => !error.message.includes('secret'))
})

void test('a cache folder that cannot be written is not the host that failed', async t => {
  const { fetch } = await openWorld(t, (_request, response) => response.end('x'), { downloader: { cacheFolder: '/dev/null/cache' } })

  await rejects(fetch('/a'), failure('unknown', /ENOTDIR/))
})
