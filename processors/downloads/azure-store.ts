import { AnonymousCredential, ContainerClient, RestError, StorageSharedKeyCredential } from '@azure/storage-blob'
import type { ErrorClass } from '../../schemas/error-class.ts'
import { networkFailure } from './http-failure.ts'
import type { FileToStore, ObjectStore, StoredObject } from './object-store.ts'
import { readRetryAfter } from './retry-after.ts'
import { WorkError } from './work-error.ts'

export interface AzureStoreOptions {
  readonly account: string
  readonly container: string
  /** Before every path; empty: nothing. */
  readonly prefix: string
  /** `https://account.blob.core.windows.net`, or what stands for it. */
  readonly endpoint: string
  /** Asked at the first request, and again when the store lets us in no more. */
  readonly credential: () => Promise<AzureCredential>
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number
}

export type AzureCredential =
  | { readonly kind: 'sas', readonly sas: string }
  | { readonly kind: 'key', readonly key: string }

/** A store that is a container of Azure Blob Storage, or of what speaks like it. The checksum of a file is in the metadata of its blob. */
export function openAzureStore ({ account, container, prefix, endpoint, credential, now = Date.now }: AzureStoreOptions): ObjectStore {
  let client: Promise<ContainerClient> | undefined

  /** What could not be opened is not kept, so the next one who asks opens it. */
  function renew (): Promise<ContainerClient> {
    const opened = connect()
    client = opened
    opened.catch(() => {
      if (client === opened) client = undefined
    })
    return opened
  }

  async function connect (): Promise<ContainerClient> {
    const given = await credential()
    const url = `${endpoint}/${encodeURIComponent(container)}`
    // Who tries again, and when, is for the topology to say.
    const options = { retryOptions: { maxTries: 1 } }
    return given.kind === 'sas'
      ? new ContainerClient(`${url}?${given.sas.replace(/^\?/, '')}`, new AnonymousCredential(), options)
      : new ContainerClient(url, new StorageSharedKeyCredential(account, given.key), options)
  }

  /** Asks with the credentials at hand, and once more with new ones where they are refused. */
  async function ask<T> (signal: AbortSignal, question: (client: ContainerClient) => Promise<T>): Promise<T> {
    const used = client ?? renew()
    try {
      return await question(await used)
    } catch (error) {
      if (!isRefusal(error)) throw failureOf(error, signal)
    }
    // Many are refused at once, and one of them renews it for all.
    const renewed = client === used || client === undefined ? renew() : client
    try {
      return await question(await renewed)
    } catch (error) {
      throw failureOf(error, signal)
    }
  }

  async function find (path: string, signal: AbortSignal): Promise<StoredObject | undefined> {
    return await ask(signal, async client => {
      try {
        const { contentLength = 0, metadata = {} } = await client.getBlobClient(prefix + path).getProperties({ abortSignal: signal })
        return { bytes: contentLength, sha256: metadata['sha256'] }
      } catch (error) {
        if (isNotFound(error)) return undefined
        throw error
      }
    })
  }

  async function put (path: string, { file, sha256, contentType }: FileToStore, signal: AbortSignal): Promise<void> {
    if ((await find(path, signal))?.sha256 === sha256) return
    await ask(signal, async client => {
      await client.getBlockBlobClient(prefix + path).uploadFile(file, { abortSignal: signal, metadata: { sha256 }, blobHTTPHeaders: { blobContentType: contentType } })
    })
  }

  function failureOf (error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason
    if (!(error instanceof RestError) || error.statusCode === undefined) return networkFailure(error, name)
    const status = error.statusCode
    return new WorkError(`${name} answered ${status}${codeOf(error) === undefined ? '' : ` (${codeOf(error)})`}.`, {
      errorClass: classOf(status), httpStatus: status, retryAfterMs: readRetryAfter(error.response?.headers.get('retry-after'), now())
    })
  }

  const name = `container ${container} of ${URL.parse(endpoint)?.host ?? account}`
  return { name, find, put }
}

/** It is the store that is asked here, not the address of a file: what is missing is the container, and no fault of the file. */
function classOf (status: number): ErrorClass {
  if (status === 401 || status === 403) return 'auth'
  if (status === 400 || status === 413) return 'permanent'
  return status === 408 || status === 425 || status === 429 || status >= 500 ? 'transient' : 'unknown'
}

function isRefusal (error: unknown): boolean {
  return error instanceof RestError && (error.statusCode === 401 || error.statusCode === 403)
}

function isNotFound (error: unknown): boolean {
  return error instanceof RestError && error.statusCode === 404 && codeOf(error) !== 'ContainerNotFound'
}

/** An answer without a body has its code in a header alone. */
function codeOf ({ code, response }: RestError): string | undefined {
  return code ?? response?.headers.get('x-ms-error-code')
}
