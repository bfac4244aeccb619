import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openAzureStore, type AzureCredential } from '../../../processors/downloads/azure-store.ts'
import { WorkError } from '../../../processors/downloads/work-error.ts'
import { openFolder, sha256Of } from '../../helpers/downloads.ts'
import { openFakeAzure } from '../../helpers/fake-azure.ts'

const never = new AbortController().signal

async function openWorld (t: TestContext, signatures: readonly string[] = ['good'], container = 'files') {
  const azure = await openFakeAzure(t)
  const file = join(await openFolder(t), 'file')
  await writeFile(file, 'a file')
  let asked = 0
  const store = openAzureStore({
    account: 'account',
    container,
    prefix: 'in/',
    endpoint: azure.endpoint,
    credential: async (): Promise<AzureCredential> => ({ kind: 'sas', sas: `sig=${signatures[Math.min(asked++, signatures.length - 1)]}` }),
    now: () => 0
  })
  return { azure, store, credentialsAsked: () => asked, put: async () => await store.put('a/b.pdf', { file, bytes: 6, sha256: sha256Of('a file'), contentType: 'application/pdf' }, never) }
}

function failure (errorClass: string, httpStatus: number | undefined, retryAfterMs?: number): (error: unknown) => boolean {
  return error => {
    ok(error instanceof WorkError, String(error))
    deepEqual([error.errorClass, error.httpStatus, error.retryAfterMs], [errorClass, httpStatus, retryAfterMs], error.message)
    ok(!error.message.includes('sig='), error.message)
    return true
  }
}

void test('a blob has its kind and its checksum beside it, below the prefix', async t => {
  const { azure, put } = await openWorld(t)

  await put()

  deepEqual([...azure.blobs].map(([path, { content, headers }]) => [path, String(content), headers]), [
    ['/account/files/in/a/b.pdf', 'a file', { 'x-ms-meta-sha256': sha256Of('a file'), 'x-ms-blob-content-type': 'application/pdf' }]
  ])
})

void test('a file that is there with its checksum is not sent again', async t => {
  const { azure, put } = await openWorld(t)

  await put()
  await put()

  deepEqual(azure.asked, ['HEAD /account/files/in/a/b.pdf', 'PUT /account/files/in/a/b.pdf', 'HEAD /account/files/in/a/b.pdf'])
})

void test('credentials that are refused are read anew, once', async t => {
  const { azure, put, credentialsAsked } = await openWorld(t, ['old', 'good'])

  await put()

  deepEqual([azure.blobs.size, credentialsAsked()], [1, 2])
  azure.signature = 'changed'
  await rejects(put(), failure('auth', 403))
  equal(credentialsAsked(), 3)
})

void test('credentials that cannot be read now are read at the next attempt', async t => {
  const { endpoint } = await openFakeAzure(t)
  let isThere = false
  const store = openAzureStore({
    account: 'account',
    container: 'files',
    prefix: '',
    endpoint,
    credential: async () => {
      if (!isThere) throw new Error('no such file')
      return { kind: 'sas', sas: 'sig=good' }
    }
  })

  await rejects(store.find('a', never), failure('unknown', undefined))
  isThere = true
  equal(await store.find('a', never), undefined)
})

void test('attempts that are refused at the same time renew the credentials together', async t => {
  const { put, credentialsAsked } = await openWorld(t, ['old', 'good'])

  await Promise.all([put(), put(), put()])

  equal(credentialsAsked(), 2)
})

for (const [status, errorClass] of [[408, 'transient'], [429, 'transient'], [500, 'transient'], [503, 'transient'], [400, 'permanent'], [413, 'permanent'], [409, 'unknown'], [412, 'unknown']] as const) {
  void test(`an answer ${status} of the store is ${errorClass}, and is not tried again here`, async t => {
    const { azure, put } = await openWorld(t)
    azure.failures.push([status, 'Failed'])

    await rejects(put(), failure(errorClass, status))
    equal(azure.asked.length, 1)
  })
}

void test('a store that is busy says for how long', async t => {
  const { azure, put } = await openWorld(t)
  azure.failures.push([503, 'ServerBusy', { 'retry-after': '12' }])

  await rejects(put(), failure('transient', 503, 12_000))
})

void test('a container that is not there is no file that is not there', async t => {
  const { store } = await openWorld(t, ['good'], 'missing')

  await rejects(store.find('a', never), error => {
    match(String(error), /container missing of 127\.0\.0\.1:\d+ answered 404 \(ContainerNotFound\)/)
    return failure('unknown', 404)(error)
  })
})

void test('a store that does not answer is transient', async t => {
  const store = openAzureStore({ account: 'account', container: 'files', prefix: '', endpoint: 'http://127.0.0.1:1/account', credential: async () => ({ kind: 'sas', sas: 'sig=secret' }) })

  await rejects(store.find('a', never), failure('transient', undefined))
})
