import { Type } from 'typebox'
import { defineTopic, defineTopology, joinWindows, serdes, sessionWindows, type Topic, type Topology } from '../../streams/index.ts'

/** One set of topics for all of these topologies; each takes what it needs. */
export const LanguageSettings = Type.Object({
  LANGUAGE_LEFT: Type.String({ default: 'left' }),
  LANGUAGE_RIGHT: Type.String({ default: 'right' }),
  LANGUAGE_OUT: Type.String({ default: 'out' }),
  LANGUAGE_OUT_2: Type.String({ default: 'out-2' })
})

export const HOUR_MS = 3_600_000

/** Windows stay open for longer than a day's records last (`random-days.ts`). */
const graceMs = HOUR_MS

export const sessions = sessionWindows({ inactivityGapMs: 30_000, graceMs })

/**
 * As wide as a day's records lie apart: as in Kafka Streams, a left record that is further behind stream time than that comes out alone
 * at once, though a match may still come, and how far behind it is depends on what was read before.
 */
export const pairs = joinWindows({ timeDifferenceMs: HOUR_MS, graceMs })

export const textTopic = (name: string): Topic<string, string> => defineTopic({ name, key: serdes.string, value: serdes.string })

export const userOf = (value: string | null): string => value?.split('/')[0] ?? ''

/** lines → words → by-word → a count each. */
const wordCount = defineTopology('word-count', { settings: LanguageSettings }, ({ settings, stream }) => {
  stream(textTopic(settings.LANGUAGE_LEFT))
    .flatMapValues(line => line?.split(' ') ?? [], { value: serdes.string })
    .groupBy(word => word, { name: 'by-word', key: serdes.string })
    .count({ store: { name: 'counts' } })
    .toStream()
    .to(defineTopic({ name: settings.LANGUAGE_OUT, key: serdes.string, value: serdes.long }))
})

/** Both sides under other keys, through a repartition topic each. */
const leftJoin = defineTopology('left-join', { settings: LanguageSettings }, ({ settings, stream }) => {
  const [left, right] = [settings.LANGUAGE_LEFT, settings.LANGUAGE_RIGHT].map(name => stream(textTopic(name)).selectKey(userOf))
  if (left === undefined || right === undefined) return
  left
    .leftJoin(right, (one, other) => `${one} ${other ?? 'alone'}`, { name: 'pair', storeName: 'pair', windows: pairs, leftValue: serdes.string, rightValue: serdes.string })
    .to(defineTopic({ name: settings.LANGUAGE_OUT, key: serdes.string, value: serdes.string }))
})

/** One repartition topic, two tables of sessions: one speaks when a session closes, the other is held back until then. */
const sessionCounts = defineTopology('session-counts', { settings: LanguageSettings }, ({ settings, stream }) => {
  const byUser = stream(textTopic(settings.LANGUAGE_LEFT)).groupBy(userOf, { name: 'by-user', key: serdes.string, value: serdes.string }).windowedBy(sessions)
  byUser
    .emitStrategy('on-window-close')
    // Until the next day, whose first records close them: as in Kafka Streams, what the store lets go first is never emitted.
    .count({ store: { name: 'session_counts', retentionMs: 48 * HOUR_MS } })
    .toStream()
    .to(defineTopic({ name: settings.LANGUAGE_OUT, key: serdes.sessionWindowed(serdes.string), value: serdes.long }))
  byUser
    .aggregate(() => 0, (length, click) => length + (click?.length ?? 0), (one, other) => one + other, { store: { name: 'session_lengths', value: serdes.long } })
    .suppress({ untilWindowCloses: true, name: 'held' })
    .toStream()
    .to(defineTopic({ name: settings.LANGUAGE_OUT_2, key: serdes.sessionWindowed(serdes.string), value: serdes.long }))
})

const tableJoin = defineTopology('table-join', { settings: LanguageSettings }, ({ settings, table }) => {
  const [left, right] = [table(textTopic(settings.LANGUAGE_LEFT), { store: { name: 'left_rows' } }), table(textTopic(settings.LANGUAGE_RIGHT), { store: { name: 'right_rows' } })]
  left
    .leftJoin(right, (one, other) => `${one} ${other ?? 'alone'}`, { store: { name: 'joined', value: serdes.string } })
    .toStream()
    .to(defineTopic({ name: settings.LANGUAGE_OUT, key: serdes.string, value: serdes.string }))
})

/** A left row names the right one before the slash. */
const foreignKeyJoin = defineTopology('foreign-key-join', { settings: LanguageSettings }, ({ settings, table }) => {
  const [left, right] = [table(textTopic(settings.LANGUAGE_LEFT), { store: { name: 'left_rows' } }), table(textTopic(settings.LANGUAGE_RIGHT), { store: { name: 'right_rows' } })]
  left
    .leftJoin(right, (one, other) => `${one} ${other ?? 'alone'}`, { foreignKey: userOf, name: 'refer', store: { name: 'joined', value: serdes.string } })
    .toStream()
    .to(defineTopic({ name: settings.LANGUAGE_OUT, key: serdes.string, value: serdes.string }))
})

const globalJoin = defineTopology('global-join', { settings: LanguageSettings }, ({ settings, stream, globalTable }) => {
  const right = globalTable(textTopic(settings.LANGUAGE_RIGHT), { store: { name: 'right_rows' } })
  stream(textTopic(settings.LANGUAGE_LEFT))
    .leftJoin(right, (one, other) => `${one} ${other ?? 'alone'}`, { keyMapper: userOf })
    .to(defineTopic({ name: settings.LANGUAGE_OUT, key: serdes.string, value: serdes.string }))
})

export const languages: Readonly<Record<string, Topology>> = Object.fromEntries([wordCount, leftJoin, sessionCounts, tableJoin, foreignKeyJoin, globalJoin].map(topology => [topology.name, topology]))
