import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openAzureStore } from '../../../processors/downloads/azure-store.ts'
import { openFolderStore } from '../../../processors/downloads/folder-store.ts'
import type { FileToStore, ObjectStore } from '../../../processors/downloads/object-store.ts'
import { openFolder, sha256Of } from '../../helpers/downloads.ts'
import { openFakeAzure } from '../../helpers/fake-azure.ts'

const never = new AbortController().signal

const stores: readonly (readonly [kind: string, open: (t: TestContext) => Promise<ObjectStore>])[] = [
  ['a folder', async t => openFolderStore(join(await openFolder(t), 'made', 'when needed'))],
  ['Azure', async t => {
    const { endpoint } = await openFakeAzure(t)
    return openAzureStore({ account: 'account', container: 'files', prefix: 'in/', endpoint, credential: async () => ({ kind: 'sas', sas: '?sv=2025&sig=good' }) })
  }],
  // A program that is meant to answer like Azure itself, where somebody runs it: `npx azurite-blob`.
  ...(process.env['AZURITE_ENDPOINT'] === undefined ? [] : [['Azurite', openAzurite] as const])
]

/** The account and key that everybody's Azurite has. */
const AZURITE = { account: 'devstoreaccount1', key: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==' }

async function openAzurite (): Promise<ObjectStore> {
  const endpoint = process.env['AZURITE_ENDPOINT'] ?? ''
  const { ContainerClient, StorageSharedKeyCredential } = await import('@azure/storage-blob')
  const container = `test-${process.pid}`
  await new ContainerClient(`${endpoint}/${container}`, new StorageSharedKeyCredential(AZURITE.account, AZURITE.key)).createIfNotExists()
  return openAzureStore({ account: AZURITE.account, container, prefix: `${Date.now()}/`, endpoint, credential: async () => ({ kind: 'key', key: AZURITE.key }) })
}

async function fileOf (t: TestContext, content: string): Promise<FileToStore> {
  const file = join(await openFolder(t), 'file')
  await writeFile(file, content)
  return { file, bytes: Buffer.byteLength(content), sha256: sha256Of(content), contentType: 'application/pdf' }
}

for (const [kind, open] of stores) {
  void test(`${kind} has what was put there, and nothing else`, async t => {
    const store = await open(t)

    await store.put('a/b c/é+%20.pdf', await fileOf(t, 'a file'), never)
    await store.put('a/empty', await fileOf(t, ''), never)

    deepEqual(await store.find('a/b c/é+%20.pdf', never), { bytes: 6, sha256: sha256Of('a file') })
    deepEqual(await store.find('a/empty', never), { bytes: 0, sha256: sha256Of('') })
    equal(await store.find('a/b', never), undefined)
    equal(await store.find('a/b c/é+%20.pd', never), undefined)
  })

  void test(`${kind} keeps a file that is put twice, and replaces another content`, async t => {
    const store = await open(t)

    for (const content of ['first', 'first', 'second']) await store.put('a/b', await fileOf(t, content), never)

    deepEqual(await store.find('a/b', never), { bytes: 6, sha256: sha256Of('second') })
  })

  void test(`${kind} rejects with the reason of an abort, and then has nothing`, async t => {
    const store = await open(t)
    const reason = new Error('enough')

    await rejects(store.put('a/b', await fileOf(t, 'x'), AbortSignal.abort(reason)), error => error === reason)

    equal(await store.find('a/b', never), undefined)
  })

  void test(`${kind} says in its name nothing that is secret`, async t => {
    const { name } = await open(t)
    ok(!name.includes('sig') && !name.includes(AZURITE.key))
  })
}
