import type { TestContext } from 'node:test'
import { openFileServer } from './file-server.ts'

interface Blob {
  readonly content: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export interface FakeAzure {
  /** What DOWNLOADS_AZURE_ENDPOINT would be. */
  readonly endpoint: string
  readonly blobs: ReadonlyMap<string, Blob>
  /** Method and path, in order. */
  readonly asked: readonly string[]
  /** The `sig` of a SAS that is let in. */
  signature: string
  /** Answers the next requests instead, one each. */
  readonly failures: (readonly [status: number, code: string, headers?: Record<string, string>])[]
}

/** As much of Azure Blob Storage as a store of files needs: Put Blob and Get Blob Properties, behind a SAS. */
export async function openFakeAzure (t: TestContext): Promise<FakeAzure> {
  const blobs = new Map<string, Blob>()
  const asked: string[] = []
  const failures: FakeAzure['failures'][number][] = []
  const server = await openFileServer(t, async (request, response) => {
    const url = new URL(request.url ?? '', 'http://azure')
    const path = decodeURIComponent(url.pathname)
    asked.push(`${request.method} ${path}`)
    const answer = (status: number, headers: Record<string, string> = {}): void => {
      response.writeHead(status, headers).end()
    }
    const content = Buffer.concat(await Array.fromAsync(request))
    const failure = failures.shift()
    if (failure !== undefined) return answer(failure[0], { 'x-ms-error-code': failure[1], ...failure[2] })
    if (url.searchParams.get('sig') !== fake.signature) return answer(403, { 'x-ms-error-code': 'AuthenticationFailed' })
    if (!path.startsWith('/account/files/')) return answer(404, { 'x-ms-error-code': 'ContainerNotFound' })
    if (request.method === 'PUT' && request.headers['x-ms-blob-type'] === 'BlockBlob') {
      const kept = Object.entries(request.headers).filter(([name]) => name.startsWith('x-ms-meta-') || name === 'x-ms-blob-content-type')
      blobs.set(path, { content, headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])) })
      return answer(201)
    }
    const blob = blobs.get(path)
    if (request.method !== 'HEAD') return answer(501)
    if (blob === undefined) return answer(404, { 'x-ms-error-code': 'BlobNotFound' })
    answer(200, { ...blob.headers, 'content-length': String(blob.content.length) })
  })
  const fake: FakeAzure = { endpoint: `${server.url}/account`, blobs, asked, signature: 'good', failures }
  return fake
}
