import Type from 'typebox'
import { defineCounter, defineKeyed, defineList, defineProcessor, defineRows, defineTopic, defineTopology, column, serdes, sessionWindows, timeWindows, type Table, type Topology, type Windowed } from '../../streams/index.ts'

export const words = defineTopic({ name: 'words', value: serdes.string, partitions: 3 })
export const prices = defineTopic({ name: 'prices', value: serdes.long, partitions: 3 })

const Word = Type.String()

export const seen = defineCounter({ name: 'seen', key: ['word'], count: 'times' })
export const pairs = defineCounter({ name: 'pairs', key: ['key', 'word'], count: 'times' })
export const lastWords = defineKeyed({ name: 'last_words', key: ['key'], value: Type.Object({ word: Type.String() }) })
export const recentWords = defineList({ name: 'recent_words', key: ['key'], position: 'pos', entry: { word: column('text'), at: column('timestamptz') } })
export const wordLog = defineRows({ name: 'word_log', key: ['key', 'at'], columns: { key: column('text'), at: column('bigint'), word: column('text') } })

/** Writes each word into a store of every kind. */
const keepWords = defineProcessor({
  name: 'keep-words',
  input: Word,
  stores: { seen, pairs, lastWords, recentWords, wordLog },
  process ({ key, value: word, timestamp: at }, { stores }) {
    const owner = { key: String(key) }
    stores.seen.add({ word }, 1)
    stores.pairs.add({ ...owner, word }, 1)
    stores.lastWords.put(owner, { word })
    stores.recentWords.append(owner, { word, at }, { keep: 3 })
    stores.wordLog.insert({ ...owner, at, word })
  }
})

export interface QueriedTopology {
  readonly topology: Topology
  readonly counts: Table<string, number>
  readonly minutes: Table<Windowed<string>, number>
  readonly visits: Table<Windowed<string>, number>
  readonly history: Table<string, number>
  readonly unnamed: Table<string, number>
}

/** A topology with a store of every shape: declared ones, and those of tables. */
export function queriedTopology ({ words: wordTopic = words, prices: priceTopic = prices } = {}): QueriedTopology {
  let tables: Omit<QueriedTopology, 'topology'> | undefined
  const topology = defineTopology('queried', { caching: false }, ({ stream, table }) => {
    const source = stream(wordTopic, { name: 'words' })
    source.filter((_, key): boolean => key !== null).mapValues(word => word ?? '').process(keepWords)
    const byWord = source.groupBy(word => word ?? '', { name: 'by-word', key: serdes.string })
    const byKey = source.selectKey((_, key) => key ?? '', { key: serdes.string }).groupByKey()
    tables = {
      counts: byWord.count({ store: { name: 'counts' } }),
      minutes: byWord.windowedBy(timeWindows({ sizeMs: 60_000, graceMs: 0 })).count({ store: { name: 'minutes', retentionMs: 600_000 } }),
      visits: byKey.windowedBy(sessionWindows({ inactivityGapMs: 1_000, graceMs: 0 })).count({ store: { name: 'visits', retentionMs: 600_000 } }),
      history: table(priceTopic, { store: { name: 'price-history', historyRetentionMs: 3_600_000 } }),
      unnamed: byWord.count()
    }
  })
  if (tables === undefined) throw new TypeError('The topology was not built.')
  return { topology, ...tables }
}

/** The tables of its declared stores. */
export const QUERIED_TABLES = [
  'seen (word text collate "C" primary key, times bigint not null)',
  'pairs (key text collate "C", word text collate "C", times bigint not null, primary key (key, word))',
  'last_words (key text collate "C" primary key, value jsonb not null, version bigint not null)',
  'recent_words (key text collate "C", pos bigint, word text not null, at timestamptz not null, primary key (key, pos))',
  'recent_words_newest (key text collate "C" primary key, pos bigint not null)',
  'word_log (key text collate "C", at bigint, word text not null, primary key (key, at))'
]
