import { doesNotMatch, equal, match, ok, throws } from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigError, readConfig, type Environment } from '../../bin/config.ts'
import { openFolder } from '../helpers/downloads.ts'

function mistakes (env: Environment): string {
  let message = ''
  throws(() => readConfig(env), error => {
    ok(error instanceof ConfigError)
    message = error.message
    return true
  })
  return message
}

void test('settings of a pipeline that somebody means are accepted', async t => {
  const file = join(await openFolder(t), 'sas')
  await writeFile(file, 'sig=x')

  readConfig({})
  readConfig({ DOWNLOADS_STORE: 'file:///var/files', DOWNLOADS_RETRY_DELAYS: '200ms,400ms,2s,1h,1d', DOWNLOADS_TIMEOUT: '500ms', DOWNLOADS_MAX_BYTES: '1GiB', DOWNLOADS_ALLOWED_HOSTS: '*.example.com,münchen.example' })
  readConfig({ DOWNLOADS_STORE: 'azure://acme/files/in', DOWNLOADS_AZURE_SAS_FILE: file, DOWNLOADS_AZURE_ENDPOINT: 'http://127.0.0.1:10000/acme' })
  equal(readConfig({ DOWNLOADS_ALLOWED_HOSTS: '' }).DOWNLOADS_ALLOWED_HOSTS, '')
})

void test('all mistakes are told together, each with what is wanted', () => {
  const message = mistakes({
    DOWNLOADS_TIMEOUT: '60',
    DOWNLOADS_RETRY_DELAYS: '5m,10',
    DOWNLOADS_MAX_BYTES: '100MB',
    DOWNLOADS_ALLOWED_HOSTS: 'https://example.com/',
    DOWNLOADS_TOPIC_PREFIX: 'a b',
    DOWNLOADS_CONCURRENCY: '0',
    DOWNLOADS_BREAKER_FAILURE_RATE: '0',
    DOWNLOADS_ALLOW_HTTP: 'perhaps',
    DOWNLOADS_STORE: 's3://bucket'
  })

  match(message, /^The environment has mistakes: /)
  match(message, /DOWNLOADS_TIMEOUT is "60" but must be a duration such as 500ms, 30s, 5m or 1h/)
  match(message, /DOWNLOADS_RETRY_DELAYS is "5m,10" but must be up to 16 durations/)
  match(message, /DOWNLOADS_MAX_BYTES is "100MB" but must be a size such as/)
  match(message, /DOWNLOADS_ALLOWED_HOSTS is "https:\/\/example.com\/" but must be host names/)
  match(message, /DOWNLOADS_TOPIC_PREFIX is "a b" but must be up to 100 letters/)
  match(message, /DOWNLOADS_CONCURRENCY is "0" but/)
  match(message, /DOWNLOADS_BREAKER_FAILURE_RATE is "0" but/)
  match(message, /DOWNLOADS_ALLOW_HTTP is "perhaps" but/)
  match(message, /DOWNLOADS_STORE is "s3:\/\/bucket" but must be file:\/\/\/folder or azure:\/\/account\/container\[\/prefix\]/)
})

void test('delays grow, and none is longer than a week', () => {
  for (const delays of ['5m,5m', '60s,1m', '10m,5m']) match(mistakes({ DOWNLOADS_RETRY_DELAYS: delays }), /each delay must be longer than the one before/, delays)
  match(mistakes({ DOWNLOADS_RETRY_DELAYS: '1m,8d' }), /no delay may be longer than 7d/)
  match(mistakes({ DOWNLOADS_TIMEOUT: '999999999d' }), /DOWNLOADS_TIMEOUT is "999999999d" but must be at most 7d/)
  match(mistakes({ DOWNLOADS_MAX_BYTES: '99999999999GiB' }), /which no file has/)
})

void test('each worker has an application id of its own, and one that may be', () => {
  match(mistakes({ DOWNLOADS_UPLOAD_APPLICATION_ID: 'xact-download-worker' }), /DOWNLOADS_UPLOAD_APPLICATION_ID is "xact-download-worker", and so is DOWNLOADS_DOWNLOAD_APPLICATION_ID/)
  match(mistakes({ DOWNLOADS_EVENTS_APPLICATION_ID: 'pg_x' }), /DOWNLOADS_EVENTS_APPLICATION_ID: Application id/)
})

void test('a store has the credentials that it needs, and no others; they are never shown', () => {
  const store = 'azure://acme/files'

  match(mistakes({ DOWNLOADS_STORE: store }), /needs one of DOWNLOADS_AZURE_SAS, DOWNLOADS_AZURE_SAS_FILE, DOWNLOADS_AZURE_KEY; found none/)
  const both = mistakes({ DOWNLOADS_STORE: store, DOWNLOADS_AZURE_SAS: 'hidden-a', DOWNLOADS_AZURE_KEY: 'hidden-b' })
  match(both, /found DOWNLOADS_AZURE_SAS and DOWNLOADS_AZURE_KEY/)
  doesNotMatch(both, /hidden/)
  match(mistakes({ DOWNLOADS_AZURE_KEY: 'hidden', DOWNLOADS_AZURE_ENDPOINT: 'https://x' }), /DOWNLOADS_AZURE_KEY and DOWNLOADS_AZURE_ENDPOINT are set, but DOWNLOADS_STORE is no azure:\/\/ address/)
  match(mistakes({ DOWNLOADS_STORE: store, DOWNLOADS_AZURE_SAS_FILE: '/nowhere' }), /DOWNLOADS_AZURE_SAS_FILE names \/nowhere, which cannot be read/)
})
