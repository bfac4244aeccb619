import { Type, type Static, type TSchema } from 'typebox'

/** The format of files with rules, as far as they are data; what else stands there is prose, and tested by hand. */

const Text = Type.Union([Type.String(), Type.Null()])
const Span = Type.Tuple([Type.Number(), Type.Number()])

export const Murmur2Vector = Type.Object({
  label: Type.Optional(Type.String()),
  keyHex: Type.String(),
  murmur2: Type.Optional(Type.Number()),
  positive: Type.Optional(Type.Number()),
  /** The partition, by how many there are. */
  partition: Type.Optional(Type.Record(Type.String(), Type.Number()))
})

export const TimeWindowsVector = Type.Object({
  sizeMs: Type.Number(),
  advanceMs: Type.Optional(Type.Number()),
  ts: Type.Number(),
  windows: Type.Optional(Type.Array(Span)),
  count: Type.Optional(Type.Number()),
  firstStart: Type.Optional(Type.Number()),
  lastStart: Type.Optional(Type.Number())
})

export const OverlapVector = Type.Object({
  /** Begins with the word for the kind of windows. */
  type: Type.String(),
  window: Span,
  cases: Type.Array(Type.Object({ other: Span, overlaps: Type.Boolean() }))
})

export const Version = Type.Object({ value: Text, ts: Type.Optional(Type.Number()), validTo: Type.Optional(Type.Union([Type.Number(), Type.Null()])) })

export const VersionedOp = Type.Object({
  op: Type.String(),
  key: Type.Optional(Type.String()),
  value: Type.Optional(Text),
  ts: Type.Optional(Type.Number()),
  asOf: Type.Optional(Type.Number()),
  returns: Type.Optional(Type.Union([Type.String(), Type.Number()])),
  expect: Type.Optional(Type.Union([Version, Type.Null()])),
  total: Type.Optional(Type.Number())
})

export const VersionedVector = Type.Object({
  id: Type.String(),
  historyRetentionMs: Type.Optional(Type.Number()),
  segmentIntervalMs: Type.Optional(Type.Number()),
  ops: Type.Array(VersionedOp)
})

export const Selection = Type.Object({
  partition: Type.String(),
  ts: Type.Number(),
  streamTime: Type.Optional(Type.Number()),
  lateness: Type.Optional(Type.Number())
})

export const SelectionVector = Type.Object({
  id: Type.String(),
  /** Each is `{ add }` or `{ next }`. */
  ops: Type.Array(Type.Record(Type.String(), Type.Unknown()))
})

/** A section is a list, or an object with `vectors` and what holds for all of them. */
const Section = <T extends TSchema>(vector: T) => Type.Union([
  Type.Array(vector),
  Type.Object({ vectors: Type.Array(vector), historyRetentionMs: Type.Optional(Type.Number()), segmentIntervalMs: Type.Optional(Type.Number()) })
])

export const RulesFile = Type.Object({
  murmur2: Type.Optional(Section(Murmur2Vector)),
  timeWindowsFor: Type.Optional(Section(TimeWindowsVector)),
  windowOverlap: Type.Optional(Section(OverlapVector)),
  versionedStore: Type.Optional(Section(VersionedVector)),
  recordSelection: Type.Optional(Section(SelectionVector))
})

export type RulesFile = Static<typeof RulesFile>
export type Murmur2Vector = Static<typeof Murmur2Vector>
export type TimeWindowsVector = Static<typeof TimeWindowsVector>
export type OverlapVector = Static<typeof OverlapVector>
export type VersionedVector = Static<typeof VersionedVector>
export type VersionedOp = Static<typeof VersionedOp>
export type SelectionVector = Static<typeof SelectionVector>

/** One rule, and how it is tried: what differs, one sentence each. */
export interface Rule {
  readonly id: string
  readonly run: () => readonly string[] | Promise<readonly string[]>
}

/** A difference, where there is one. */
export function differs (what: string, expected: unknown, actual: unknown): readonly string[] {
  const [wanted, found] = [JSON.stringify(expected), JSON.stringify(actual)]
  return wanted === found ? [] : [`${what}: - ${wanted} + ${found}`]
}
