import { messageOf } from '../../streams/index.ts'

/** An error as one line. An address that was tried in several ways fails with several errors and no message of its own. */
export function sentenceOf (error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(sentenceOf).join('; ')
  return messageOf(error).replaceAll(/\s*\n\s*/g, ' ')
}
