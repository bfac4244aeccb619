import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { openObjectStore, readStoreAddress } from '../../../processors/downloads/open-object-store.ts'

void test('the address of a store is a folder, or a container with what stands before its paths', () => {
  deepEqual(readStoreAddress('file:///var/files%20here'), { kind: 'folder', folder: '/var/files here' })
  deepEqual(readStoreAddress('azure://account/files'), { kind: 'azure', account: 'account', container: 'files', prefix: '' })
  deepEqual(readStoreAddress('azure://account/files/a/b/'), { kind: 'azure', account: 'account', container: 'files', prefix: 'a/b/' })
})

void test('anything else is no address of a store', () => {
  for (const text of ['', '/var/files', 'file://host/files', 'file:///', 'azure://account', 'azure://account/', 'azure:///files', 's3://bucket/x', 'azure://account/files?sig=1', 'azure://key@account/files']) equal(readStoreAddress(text), undefined, text)
})

void test('an account lies where Azure has it, unless an endpoint is given', () => {
  const open = (endpoint?: string): string => openObjectStore({ kind: 'azure', account: 'acme', container: 'files', prefix: '' }, { endpoint, credential: async () => ({ kind: 'key', key: 'a2V5' }) }).name

  deepEqual([open(), open('http://127.0.0.1:10000/acme/')], ['container files of acme.blob.core.windows.net', 'container files of 127.0.0.1:10000'])
})
