import Type, { type Static } from 'typebox'

/** Each worker of the pipeline is an application of its own. */
export const downloadsApplicationIds = {
  DOWNLOADS_EVENTS_APPLICATION_ID: 'xact-event-ingester',
  DOWNLOADS_DOWNLOAD_APPLICATION_ID: 'xact-download-worker',
  DOWNLOADS_UPLOAD_APPLICATION_ID: 'xact-upload-worker',
  DOWNLOADS_RESULTS_APPLICATION_ID: 'xact-result-processor'
} as const

const Id = (name: keyof typeof downloadsApplicationIds, of: string) => Type.String({ minLength: 1, default: downloadsApplicationIds[name], description: `The application id of ${of}: consumer group and Postgres schema.` })
/** A unit is part of every value, so that nobody takes milliseconds for seconds. `wanted` says what a mistake is told to be instead. */
const Duration = (fallback: string, description: string) => Type.String({ pattern: DURATION, default: fallback, wanted: 'a duration such as 500ms, 30s, 5m or 1h', description })
const DURATION = '^[1-9]\\d{0,8}(ms|s|m|h|d)$'

/** The environment variables of the downloads pipeline. */
export type DownloadsSettings = Static<typeof DownloadsSettings>
export const DownloadsSettings = Type.Object({
  DOWNLOADS_TOPIC_PREFIX: Type.String({ pattern: '^[A-Za-z0-9._-]{1,100}$', default: 'xact', wanted: 'up to 100 letters, digits, dots, dashes and underscores', description: 'Stands before the names of all topics of the downloads pipeline.' }),
  DOWNLOADS_EVENTS_APPLICATION_ID: Id('DOWNLOADS_EVENTS_APPLICATION_ID', 'the event ingester'),
  DOWNLOADS_DOWNLOAD_APPLICATION_ID: Id('DOWNLOADS_DOWNLOAD_APPLICATION_ID', 'the download worker'),
  DOWNLOADS_UPLOAD_APPLICATION_ID: Id('DOWNLOADS_UPLOAD_APPLICATION_ID', 'the upload worker'),
  DOWNLOADS_RESULTS_APPLICATION_ID: Id('DOWNLOADS_RESULTS_APPLICATION_ID', 'the result processor, whose table the API reads'),
  DOWNLOADS_RETRY_DELAYS: Type.String({
    pattern: `${DURATION.slice(0, -1)}(,${DURATION.slice(1, -1)}){0,15}$`, default: '5m,10m,20m,40m', wanted: 'up to 16 durations with commas between them, such as 5m,10m', description: 'How long a failed attempt waits for the next; after the last delay it is dead-lettered. The delay topics are named after them.'
  }),
  DOWNLOADS_CONCURRENCY: Type.Integer({ minimum: 1, maximum: 1_000, default: 20, description: 'How many files a worker fetches, or stores, at once.' }),
  DOWNLOADS_TIMEOUT: Duration('60s', 'How long an attempt may take, to the last byte.'),
  DOWNLOADS_MAX_BYTES: Type.String({ pattern: '^[1-9]\\d{0,11}(B|KiB|MiB|GiB)?$', default: '100MiB', wanted: 'a size such as 500KiB, 100MiB or 104857600', description: 'Larger files are refused.' }),
  DOWNLOADS_ALLOWED_HOSTS: Type.String({
    pattern: '^((\\*\\.)?[^\\s,*/:@]+(,(\\*\\.)?[^\\s,*/:@]+)*)?$', default: '', wanted: 'host names with commas between them, such as files.example.com,*.example.org', description: 'Hosts that files may be fetched from; `*.example.com` stands for all names below. Empty: all public hosts.'
  }),
  DOWNLOADS_ALLOW_HTTP: Type.Boolean({ default: false, description: 'Whether files may be fetched without encryption.' }),
  DOWNLOADS_ALLOW_PRIVATE: Type.Boolean({ default: false, description: 'Whether files may be fetched from addresses that are not of the public Internet.' }),
  DOWNLOADS_MAX_REDIRECTS: Type.Integer({ minimum: 0, maximum: 20, default: 3, description: 'How many redirects are followed; each is checked like the first address.' }),
  DOWNLOADS_CACHE_DIR: Type.Optional(Type.String({ minLength: 1, description: 'Folder of fetched files until they are stored; the same for download and upload workers.' })),
  DOWNLOADS_STORE: Type.Optional(Type.String({ minLength: 1, description: 'Where files are stored: `file:///folder` or `azure://account/container[/prefix]`.' })),
  DOWNLOADS_AZURE_ENDPOINT: Type.Optional(Type.String({ pattern: '^https?://[^\\s?#@]+$', wanted: 'an address such as https://account.blob.core.windows.net', description: 'Where the account of DOWNLOADS_STORE answers; left out: `https://ACCOUNT.blob.core.windows.net`.' })),
  DOWNLOADS_AZURE_SAS: Type.Optional(Type.String({ writeOnly: true, minLength: 1, description: 'Shared access signature for the store.' })),
  DOWNLOADS_AZURE_SAS_FILE: Type.Optional(Type.String({ minLength: 1, description: 'File with the shared access signature, read again when the store refuses it: it may be renewed while workers run.' })),
  DOWNLOADS_AZURE_KEY: Type.Optional(Type.String({ writeOnly: true, minLength: 1, description: 'Key of the account, instead of a signature.' })),
  DOWNLOADS_BREAKER_FAILURE_RATE: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.5, description: 'The share of failed attempts from which on nobody asks any more, until the cooldown is over.' }),
  DOWNLOADS_BREAKER_WINDOW: Duration('30s', 'The time that share is counted over.'),
  DOWNLOADS_BREAKER_COOLDOWN: Duration('30s', 'How long nobody asks, before one attempt finds out.')
})
