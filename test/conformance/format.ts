import { Type, type Static } from 'typebox'

/** The format of files with scenarios: a topology, records in, and everything that comes out of each. */

const Scalar = Type.Union([Type.String(), Type.Number(), Type.Null()])

const Output = Type.Tuple([Type.String(), Scalar, Scalar, Type.Number()])

const RecordStep = Type.Object({
  topic: Type.String(),
  key: Scalar,
  value: Scalar,
  ts: Type.Number(),
  out: Type.Array(Output)
})

const ClockStep = Type.Object({ advanceWallClockMs: Type.Number(), out: Type.Array(Output) })

const StoreDefinition = Type.Object({
  name: Type.Optional(Type.String()),
  caching: Type.Optional(Type.Boolean()),
  logging: Type.Optional(Type.Boolean()),
  retentionMs: Type.Optional(Type.Number()),
  versionedHistoryMs: Type.Optional(Type.Number())
})

const Windows = Type.Object({
  type: Type.Optional(Type.String()),
  sizeMs: Type.Optional(Type.Number()),
  advanceMs: Type.Optional(Type.Number()),
  graceMs: Type.Optional(Type.Number()),
  diffMs: Type.Optional(Type.Number()),
  beforeMs: Type.Optional(Type.Number()),
  afterMs: Type.Optional(Type.Number()),
  gapMs: Type.Optional(Type.Number())
})

const NodeDefinition = Type.Object({
  op: Type.String(),
  id: Type.String(),
  from: Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())])),
  topic: Type.Optional(Type.String()),
  key: Type.Optional(Type.String()),
  value: Type.Optional(Type.String()),
  store: Type.Optional(StoreDefinition),
  window: Type.Optional(Windows),
  emit: Type.Optional(Type.String()),
  graceMs: Type.Optional(Type.Number()),
  joiner: Type.Optional(Type.String()),
  keyMapper: Type.Optional(Type.String()),
  fk: Type.Optional(Type.String()),
  fn: Type.Optional(Type.String()),
  init: Type.Optional(Type.String()),
  aggType: Type.Optional(Type.String()),
  adder: Type.Optional(Type.String()),
  remover: Type.Optional(Type.String()),
  merger: Type.Optional(Type.String()),
  untilWindowCloses: Type.Optional(Type.Boolean()),
  untilTimeLimitMs: Type.Optional(Type.Number()),
  maxRecords: Type.Optional(Type.Number()),
  maxBytes: Type.Optional(Type.Number()),
  whenFull: Type.Optional(Type.String())
})

export const Scenario = Type.Object({
  id: Type.String(),
  config: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  topology: Type.Array(NodeDefinition),
  steps: Type.Array(Type.Union([RecordStep, ClockStep])),
  compare: Type.Optional(Type.Union([Type.Literal('ordered'), Type.Literal('unorderedPerStep'), Type.Literal('orderedPerCapture'), Type.Literal('lastPerKeyPerStep')])),
  metrics: Type.Optional(Type.Record(Type.String(), Type.Number()))
})

export const ScenarioFile = Type.Object({ scenarios: Type.Array(Scenario) })

export type Scalar = Static<typeof Scalar>
export type Output = Static<typeof Output>
export type Step = Static<typeof Scenario>['steps'][number]
export type StoreDefinition = Static<typeof StoreDefinition>
export type Windows = Static<typeof Windows>
export type NodeDefinition = Static<typeof NodeDefinition>
export type Scenario = Static<typeof Scenario>
export type Compare = NonNullable<Scenario['compare']>

/** A word that the runner does not know: the scenario is not run, and says why. */
export class UnsupportedError extends Error {
  override readonly name = 'UnsupportedError'
}
