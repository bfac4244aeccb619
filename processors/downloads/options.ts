import { readFile } from 'node:fs/promises'
import type { AzureCredential } from './azure-store.ts'
import type { ObjectStore } from './object-store.ts'
import { openObjectStore, readStoreAddress } from './open-object-store.ts'
import type { UrlPolicyOptions } from './url-policy.ts'
import type { DownloadsSettings } from '../../schemas/downloads-settings.ts'
import { readDuration, readSize } from '../../schemas/units.ts'
import { FatalError } from '../../streams/index.ts'

/** The settings of the downloads pipeline as what they mean. They have been checked: what cannot be read is a mistake of ours. */
export interface DownloadsOptions {
  readonly policy: UrlPolicyOptions
  readonly timeoutMs: number
  readonly maxBytes: number
  readonly maxRedirects: number
  readonly concurrency: number
  readonly retryDelays: readonly RetryDelay[]
  readonly breaker: { readonly failureRate: number, readonly windowMs: number, readonly cooldownMs: number }
}

export interface RetryDelay {
  /** As it was written, for the name of its topic. */
  readonly name: string
  readonly delayMs: number
}

export function downloadsOptions (settings: DownloadsSettings): DownloadsOptions {
  return {
    policy: {
      allowedHosts: settings.DOWNLOADS_ALLOWED_HOSTS.split(',').filter(host => host !== ''),
      allowHttp: settings.DOWNLOADS_ALLOW_HTTP,
      allowPrivate: settings.DOWNLOADS_ALLOW_PRIVATE
    },
    timeoutMs: durationOf(settings.DOWNLOADS_TIMEOUT),
    maxBytes: read(settings.DOWNLOADS_MAX_BYTES, readSize),
    maxRedirects: settings.DOWNLOADS_MAX_REDIRECTS,
    concurrency: settings.DOWNLOADS_CONCURRENCY,
    retryDelays: settings.DOWNLOADS_RETRY_DELAYS.split(',').map(name => ({ name, delayMs: durationOf(name) })),
    breaker: {
      failureRate: settings.DOWNLOADS_BREAKER_FAILURE_RATE,
      windowMs: durationOf(settings.DOWNLOADS_BREAKER_WINDOW),
      cooldownMs: durationOf(settings.DOWNLOADS_BREAKER_COOLDOWN)
    }
  }
}

/** Where files lie between their download and their upload. Only workers that handle files need it to be set. */
export function cacheFolderOf ({ DOWNLOADS_CACHE_DIR: folder }: DownloadsSettings): string {
  if (folder === undefined) throw new FatalError('DOWNLOADS_CACHE_DIR is missing; download and upload workers need the same folder for files on their way.')
  return folder
}

/** The store of the environment. Nothing is connected to until it is asked. */
export function openStoreOf (settings: DownloadsSettings): ObjectStore {
  const address = readStoreAddress(settings.DOWNLOADS_STORE ?? '')
  if (address === undefined) throw new FatalError('DOWNLOADS_STORE is missing; the upload worker needs file:///folder or azure://account/container[/prefix].')
  return openObjectStore(address, { endpoint: settings.DOWNLOADS_AZURE_ENDPOINT, credential: async () => await credentialOf(settings) })
}

async function credentialOf ({ DOWNLOADS_AZURE_SAS: sas, DOWNLOADS_AZURE_SAS_FILE: file, DOWNLOADS_AZURE_KEY: key }: DownloadsSettings): Promise<AzureCredential> {
  if (key !== undefined) return { kind: 'key', key }
  return { kind: 'sas', sas: file === undefined ? sas ?? '' : (await readFile(file, 'utf8')).trim() }
}

function durationOf (text: string): number {
  return read(text, readDuration)
}

function read (text: string, reader: (text: string) => number | undefined): number {
  const value = reader(text)
  if (value === undefined) throw new Error(`${JSON.stringify(text)} passed the check of the environment and cannot be read.`)
  return value
}
