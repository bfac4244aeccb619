import { isStorable } from '../projection/questions.ts'
import type { Question, StateReader } from '../projection/state-reader.ts'
import { limitOf, pageOf, placeOf } from './paging.ts'
import { QueryError } from './query-error.ts'
import type { DeclaredStore, QueryableDeclared } from './queryable.ts'
import type { DeclaredEntry, KeyBound, KeyParts, StoreSource } from './store-source.ts'
import type { NamedEntry, NamedView, RangeOptions } from './store-views.ts'

/** Reads a declared store: a key from the projection where there is one and it is level, everything else where the truth is. */
export function openDeclaredView ({ name, store }: QueryableDeclared, source: StoreSource, projection: StateReader | undefined): NamedView {
  const entryOf = ({ parts, value }: DeclaredEntry): NamedEntry => ({ key: keyOf(store, parts), value })
  const find = async (bounds: readonly KeyBound[], limit: number): Promise<readonly DeclaredEntry[]> =>
    // What no stored text can hold is not there.
    bounds.every(({ parts }) => parts.every(part => typeof part !== 'string' || isStorable(part))) ? await source.declared({ store, bounds, limit }) : []

  return {
    async get (key, { minPosition } = {}) {
      const parts = partsOf(store, key)
      if (parts.length < store.key.length) throw new QueryError('refused', `A key of store '${name}' has the columns ${store.key.join(', ')}; give all of them.`)
      // The projection follows: what is asked of a position only Postgres can promise.
      const projected = minPosition === undefined ? await askProjection(store, parts, projection) : undefined
      if (projected !== undefined) return entryOf({ parts, value: projected })
      const [found] = await find([{ is: '>=', parts }, { is: '<=', parts }], 1)
      return found && entryOf(found)
    },
    async range (options: RangeOptions<unknown> = {}) {
      const { from, to, prefix, cursor } = options
      const limit = limitOf(options)
      const found = await find([
        ...(from === undefined ? [] : [{ is: '>=' as const, parts: partsOf(store, from) }]),
        ...(to === undefined ? [] : [{ is: '<=' as const, parts: partsOf(store, to) }]),
        ...(prefix === undefined ? [] : beginning(store, prefix)),
        ...(cursor === undefined ? [] : [{ is: '>' as const, parts: partsAt(store, cursor) }])
      ], limit + 1)
      return pageOf(found, limit, { answer: entryOf, place: ({ parts }) => JSON.stringify(parts) })
    },
    async asOf () { throw new QueryError('refused', `Store '${name}' keeps no versions (it is of shape '${store.kind}'), so it cannot be asked as of a time.`) },
    async windows () { throw new QueryError('refused', `Store '${name}' has no windows (it is of shape '${store.kind}'); ask for the key alone.`) }
  }
}

/** Undefined: it is not there, or the projection does not say for certain; whoever wants to know asks the source. */
async function askProjection (store: DeclaredStore, parts: KeyParts, projection: StateReader | undefined): Promise<unknown> {
  const question = questionOf(store, parts)
  if (projection === undefined || question === undefined) return undefined
  // Away, behind or being built: the truth answers as well.
  const [answer] = await projection.read([question]).catch(() => [])
  if (answer instanceof Map) return [...answer.values()].find(count => count > 0)
  return Array.isArray(answer) && answer.length === 0 ? undefined : answer
}

function questionOf (store: DeclaredStore, parts: KeyParts): Question | undefined {
  const [first = '', second] = parts.map(String)
  if (!isStorable(first) || !isStorable(second ?? '')) return undefined
  switch (store.kind) {
    case 'counter': return second === undefined
      ? { kind: 'counts', store, owner: undefined, members: [first] }
      : { kind: 'counts', store, owner: first, members: [second] }
    case 'list': return { kind: 'list', store, key: textKey(store, parts) }
    case 'keyed': return { kind: 'value', store, key: textKey(store, parts) }
    case 'rows': return undefined
  }
}

function textKey ({ key }: DeclaredStore, parts: KeyParts): Record<string, string> {
  return Object.fromEntries(key.map((column, index) => [column, String(parts[index])]))
}

function keyOf ({ key }: DeclaredStore, parts: KeyParts): object {
  return Object.fromEntries(key.map((column, index) => [column, parts[index]]))
}

/** The columns that are given, up to the first that is not. */
export function partsOf (store: DeclaredStore, key: unknown): KeyParts {
  // Its columns are looked at one by one.
  const columns = typeof key === 'object' && key !== null ? key as Readonly<Record<string, unknown>> : {}
  const missing = store.key.findIndex(column => columns[column] === undefined)
  const given = store.key.slice(0, missing < 0 ? store.key.length : missing)
  if (given.length === 0) throw new QueryError('refused', `A key of store '${store.name}' is an object with the columns ${store.key.join(', ')}.`)
  return given.map(column => checkPart(store, column, columns[column]))
}

function checkPart (store: DeclaredStore, column: string, value: unknown): KeyParts[number] {
  switch (store.kind === 'rows' ? store.columns[column]?.type : 'text') {
    case 'text': case 'jsonb':
      if (typeof value === 'string') return value
      throw wrongPart(store, column, value, 'a text')
    case 'boolean':
      if (typeof value === 'boolean') return value
      throw wrongPart(store, column, value, 'true or false')
    default:
      if (typeof value === 'number' && Number.isFinite(value)) return value
      throw wrongPart(store, column, value, 'a number')
  }
}

function wrongPart ({ name }: DeclaredStore, column: string, value: unknown, wanted: string): QueryError {
  return new QueryError('refused', `Column '${column}' of store '${name}' is ${wanted}, not ${JSON.stringify(value) ?? String(value)}.`)
}

function beginning (store: DeclaredStore, prefix: unknown): KeyBound[] {
  const [column = ''] = store.key
  if (store.key.length > 1 || (store.kind === 'rows' && store.columns[column]?.type !== 'text')) {
    throw new QueryError('refused', `A prefix is for keys of one text; those of store '${store.name}' are ${store.key.join(', ')}. Use from and to, which may leave out the last columns.`)
  }
  if (typeof prefix !== 'string') throw new QueryError('refused', `A prefix for store '${store.name}' is a text, not ${JSON.stringify(prefix) ?? String(prefix)}.`)
  const end = behindText(prefix)
  return [{ is: '>=', parts: [prefix] }, ...(end === undefined ? [] : [{ is: '<' as const, parts: [end] }])]
}

const LAST_CHARACTER = 0x10ffff
const FIRST_SURROGATE = 0xd800
const BEHIND_SURROGATES = 0xe000

/** The first text behind all that begin with `prefix`, in the order of bytes; undefined: there is none. */
function behindText (prefix: string): string | undefined {
  const points = [...prefix].map(character => character.codePointAt(0) ?? 0)
  while (points.at(-1) === LAST_CHARACTER) points.pop()
  const last = points.pop()
  if (last === undefined) return undefined
  return String.fromCodePoint(...points, last + 1 === FIRST_SURROGATE ? BEHIND_SURROGATES : last + 1)
}

function partsAt (store: DeclaredStore, cursor: string): KeyParts {
  const place = placeOf(cursor)
  let parts: unknown
  try {
    parts = JSON.parse(place)
  } catch {}
  if (!Array.isArray(parts) || parts.length !== store.key.length) throw new QueryError('refused', `'${cursor}' is no cursor of store '${store.name}'; give the one of the page before, as it came.`)
  return store.key.map((column, index) => checkPart(store, column, parts[index]))
}
