import { QueryError } from './query-error.ts'
import type { PageOptions } from './store-views.ts'

const USUAL_LIMIT = 100
const HIGHEST_LIMIT = 1_000

export function limitOf ({ limit = USUAL_LIMIT }: Pick<PageOptions, 'limit'>): number {
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= HIGHEST_LIMIT) return limit
  throw new QueryError('refused', `A page has 1 to ${HIGHEST_LIMIT} entries; ${limit} were asked for.`)
}

/** Asked for one more than the page has, so that it is known whether another follows. */
export function pageOf<E, R> (found: readonly E[], limit: number, { answer, place }: { readonly answer: (entry: E) => R, readonly place: (last: E) => string }): { readonly entries: readonly R[], readonly cursor: string | undefined } {
  const last = found[limit - 1]
  return {
    entries: found.slice(0, limit).map(answer),
    cursor: found.length > limit && last !== undefined ? Buffer.from(place(last)).toString('base64url') : undefined
  }
}

/** The place behind which the page begins. */
export function placeOf (cursor: string): string {
  const place = Buffer.from(cursor, 'base64url').toString()
  if (place === '' || Buffer.from(place).toString('base64url') !== cursor) throw new QueryError('refused', `'${cursor}' is no cursor; give the one of the page before, as it came.`)
  return place
}
