import type { DownloadRow } from '../schemas/downloads-api.ts'
import type { Calls } from './flaky-files.ts'

export interface CheckedFile {
  readonly row: DownloadRow
  /** Whether the result is what the server knows of the file, and the store has it. */
  readonly isRight: boolean
}

export interface DownloadsSummary {
  readonly files: readonly CheckedFile[]
  readonly calls: Calls
  readonly seconds: number
  readonly outageSeconds: number
  readonly store: string
  readonly deadLetters: string
}

/** What became of the files, for a person. */
export function downloadsSummary ({ files, calls, seconds, outageSeconds, store, deadLetters }: DownloadsSummary): string {
  const of = (status: DownloadRow['status']): number => files.filter(({ row }) => row.status === status).length
  const attempts = Map.groupBy(files, ({ row }) => row.attempts)
  const wrong = files.filter(({ isRight }) => !isRight)
  return `
${files.length} files have a result, after ${seconds.toFixed(1)} s:
  ${of('completed')} are in the store, ${store}
  ${of('failed_permanent')} do not exist (404); their tasks are dead letters in ${deadLetters}
  ${of('failed_exhausted')} were given up after the last delay
  ${wrong.length === 0 ? 'all are as the server knows them, checksums compared' : `${wrong.length} are NOT as the server knows them: ${wrong.slice(0, 5).map(({ row }) => row.media_id).join(', ')}`}

What the server did to them, in ${calls.total} calls:
  ${calls.unavailable} were answered 503, ${calls.silent} not at all, ${calls.truncated} broke off, ${calls.slow} were slow
  ${calls.outage} were refused in the ${outageSeconds} s that it was away: the circuit breaker kept the others back

Attempts that a file took, which a breaker did not spoil:
${[...attempts].sort(([a], [b]) => a - b).map(([count, taken]) => `  ${count}: ${taken.length} ${taken.length === 1 ? 'file' : 'files'}`).join('\n')}
`
}
