import { deepEqual, equal, match, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from '../../../bin/config.ts'
import { cacheFolderOf, downloadsOptions, openStoreOf } from '../../../processors/downloads/options.ts'

void test('the settings are read as what they mean', () => {
  deepEqual(downloadsOptions(readConfig({})), {
    policy: { allowedHosts: [], allowHttp: false, allowPrivate: false },
    timeoutMs: 60_000,
    maxBytes: 104_857_600,
    maxRedirects: 3,
    concurrency: 20,
    retryDelays: [{ name: '5m', delayMs: 300_000 }, { name: '10m', delayMs: 600_000 }, { name: '20m', delayMs: 1_200_000 }, { name: '40m', delayMs: 2_400_000 }],
    breaker: { failureRate: 0.5, windowMs: 30_000, cooldownMs: 30_000 }
  })
  const { retryDelays, policy, maxBytes } = downloadsOptions(readConfig({ DOWNLOADS_RETRY_DELAYS: '500ms,2s', DOWNLOADS_ALLOWED_HOSTS: 'a.example,*.b.example', DOWNLOADS_MAX_BYTES: '2KiB' }))
  deepEqual([retryDelays, policy.allowedHosts, maxBytes], [[{ name: '500ms', delayMs: 500 }, { name: '2s', delayMs: 2_000 }], ['a.example', '*.b.example'], 2_048])
})

void test('who needs the cache or the store is told that they are missing', () => {
  throws(() => cacheFolderOf(readConfig({})), /^FatalError: DOWNLOADS_CACHE_DIR is missing; /)
  throws(() => openStoreOf(readConfig({})), /^FatalError: DOWNLOADS_STORE is missing; /)
  equal(cacheFolderOf(readConfig({ DOWNLOADS_CACHE_DIR: '/c' })), '/c')
  match(openStoreOf(readConfig({ DOWNLOADS_STORE: 'file:///var/files' })).name, /\/var\/files$/)
  match(openStoreOf(readConfig({ DOWNLOADS_STORE: 'azure://acme/files', DOWNLOADS_AZURE_SAS: 'sig=secret' })).name, /^container files of acme\.blob\.core\.windows\.net$/)
})
