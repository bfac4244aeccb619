import { accessSync, constants } from 'node:fs'
import { readStoreAddress } from '../processors/downloads/open-object-store.ts'
import { downloadsApplicationIds } from '../schemas/downloads-settings.ts'
import { readDuration, readSize } from '../schemas/units.ts'
import { messageOf } from '../streams/index.ts'
import { checkApplicationId } from '../streams/runtime.ts'
import type { Environment } from './config.ts'

const DURATION_NAMES = ['DOWNLOADS_TIMEOUT', 'DOWNLOADS_BREAKER_WINDOW', 'DOWNLOADS_BREAKER_COOLDOWN'] as const
const CREDENTIAL_NAMES = ['DOWNLOADS_AZURE_SAS', 'DOWNLOADS_AZURE_SAS_FILE', 'DOWNLOADS_AZURE_KEY'] as const

/** Timers count milliseconds in 31 bits; and a week is longer than anybody waits for a file. */
const LONGEST_MS = 7 * 24 * 60 * 60 * 1000

/** What the schema cannot say of the variables of the downloads pipeline, one sentence each. */
export function downloadsMistakes (given: Environment): readonly string[] {
  return [...idMistakes(given), ...durationMistakes(given), ...delayMistakes(given), ...sizeMistakes(given), ...storeMistakes(given)]
}

/** Each application owns its group, its schema and its topics. */
function idMistakes (given: Environment): string[] {
  const mistakes: string[] = []
  const owners = new Map<string, string>()
  for (const [name, fallback] of Object.entries(downloadsApplicationIds)) {
    const id = given[name] ?? fallback
    try {
      checkApplicationId(id)
    } catch (error) {
      mistakes.push(`${name}: ${messageOf(error).replace(/\.$/, '')}`)
    }
    const owner = owners.get(id)
    if (owner !== undefined) mistakes.push(`${name} is ${JSON.stringify(id)}, and so is ${owner}`)
    owners.set(id, name)
  }
  return mistakes
}

function durationMistakes (given: Environment): string[] {
  return DURATION_NAMES.flatMap(name => (readDuration(given[name] ?? '') ?? 0) > LONGEST_MS ? [`${name} is ${JSON.stringify(given[name])} but must be at most 7d`] : [])
}

function delayMistakes ({ DOWNLOADS_RETRY_DELAYS: delays = '' }: Environment): string[] {
  const each = delays.split(',').map(readDuration).filter(delay => delay !== undefined)
  if (each.some(delay => delay > LONGEST_MS)) return [`DOWNLOADS_RETRY_DELAYS is ${JSON.stringify(delays)} but no delay may be longer than 7d`]
  if (each.some((delay, index) => delay <= (each[index - 1] ?? 0))) return [`DOWNLOADS_RETRY_DELAYS is ${JSON.stringify(delays)} but each delay must be longer than the one before`]
  return []
}

function sizeMistakes ({ DOWNLOADS_MAX_BYTES: size }: Environment): string[] {
  const bytes = readSize(size ?? '') ?? 0
  return bytes > Number.MAX_SAFE_INTEGER ? [`DOWNLOADS_MAX_BYTES is ${JSON.stringify(size)}, which no file has`] : []
}

function storeMistakes (given: Environment): string[] {
  const { DOWNLOADS_STORE: text, DOWNLOADS_AZURE_ENDPOINT: endpoint, DOWNLOADS_AZURE_SAS_FILE: file } = given
  const address = text === undefined ? undefined : readStoreAddress(text)
  if (text !== undefined && address === undefined) return [`DOWNLOADS_STORE is ${JSON.stringify(text)} but must be file:///folder or azure://account/container[/prefix]`]
  const credentials = CREDENTIAL_NAMES.filter(name => given[name] !== undefined)
  if (address?.kind !== 'azure') {
    const unused = [...credentials, ...(endpoint === undefined ? [] : ['DOWNLOADS_AZURE_ENDPOINT'])]
    return unused.length === 0 ? [] : [`${unused.join(' and ')} ${unused.length === 1 ? 'is' : 'are'} set, but DOWNLOADS_STORE is no azure:// address`]
  }
  if (credentials.length !== 1) return [`DOWNLOADS_STORE needs one of ${CREDENTIAL_NAMES.join(', ')}; found ${credentials.length === 0 ? 'none' : credentials.join(' and ')}`]
  return file === undefined || isReadable(file) ? [] : [`DOWNLOADS_AZURE_SAS_FILE names ${file}, which cannot be read`]
}

function isReadable (file: string): boolean {
  try {
    accessSync(file, constants.R_OK)
    return true
  } catch {
    return false
  }
}
