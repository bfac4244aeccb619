import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineKeyValueStateStore, defineTopic, defineTopology, serdes, type Table, type TopologyBuilder } from '../../../../streams/index.ts'
import { createTestDriver } from '../../../../streams/testing.ts'

const topic = (name: string) => defineTopic({ name, value: serdes.string })
const [a, c, out] = [topic('a'), topic('c'), topic('o')]
const seen = defineKeyValueStateStore({ name: 'seen', key: serdes.string, value: serdes.long })

type Builder = TopologyBuilder<object>

const plain = (rows: Table<string, string>) => rows.transformValues(value => value === null ? 'none' : value === 'drop' ? null : `${value}!`, { value: serdes.string })

/** Says how often it was asked about a key. */
const counting = (rows: Table<string, string>, store: { readonly name?: string } = {}) => rows.transformValues((value, key, { stores }) => {
  const next = (stores.seen.get(key)?.value ?? 0) + 1
  stores.seen.put(key, next, 0)
  return `${value}#${next}`
}, { stores: { seen }, store: { ...store, value: serdes.string }, value: serdes.string })

const both = (left: string, right: string | null): string => `${left}/${right}`

/** What Kafka Streams 4.0 gives for the same records, without a cache. */
const cases: Readonly<Record<string, readonly [build: (builder: Builder) => void, outputs: readonly string[][]]>> = {
  'without stores': [
    ({ table }) => {
      table(c)
      plain(table(a)).toStream().to(out)
    },
    [['k=x!'], ['k=y!'], [], ['k=null'], [], ['k=none'], [], ['q=z!']]
  ],
  'with a store': [
    ({ table }) => {
      table(c)
      counting(table(a)).toStream().to(out)
    },
    [['k=x#1'], ['k=y#2'], [], ['k=drop#3'], [], ['k=null#4'], [], ['q=z#1']]
  ],
  'read by a left join': [
    ({ table }) => plain(table(a)).leftJoin(table(c), both).toStream().to(out),
    [['k=x!/null'], ['k=y!/null'], ['k=y!/R'], ['k=null'], [], ['k=none/S'], ['q=none/T'], ['q=z!/T']]
  ],
  'read by an inner join': [
    ({ table }) => plain(table(a)).join(table(c), both).toStream().to(out),
    [[], [], ['k=y!/R'], ['k=null'], [], ['k=none/S'], ['q=none/T'], ['q=z!/T']]
  ],
  'with a store, kept, and read by a join': [
    ({ table }) => counting(table(a), { name: 'kept' }).join(table(c), both).toStream().to(out),
    [[], [], ['k=y#2/R'], ['k=drop#3/R'], ['k=drop#3/S'], ['k=null#4/S'], [], ['q=z#1/T']]
  ],
  'with a store, and grouped: asked for the old value, too': [
    ({ table }) => {
      table(c)
      counting(table(a)).groupBy(value => ['g', value], { value: serdes.string }).aggregate(() => '', (sum, value) => `${sum}+${value}`, (sum, value) => `${sum}-${value}`, { store: { value: serdes.string } })
        .toStream().to(out)
    },
    [
      ['g=+x#1'], ['g=+x#1-x#4+y#3'], [], ['g=+x#1-x#4+y#3-y#6+drop#5'], [], ['g=+x#1-x#4+y#3-y#6+drop#5-drop#8+null#7'], [],
      ['g=+x#1-x#4+y#3-y#6+drop#5-drop#8+null#7-null#2+z#1']
    ]
  ]
}

for (const [name, [build, expected]] of Object.entries(cases)) {
  test(`a table is transformed as by Kafka Streams: ${name}`, async () => {
    const driver = createTestDriver(defineTopology('t', { caching: false }, build))
    const outputs: string[][] = []
    for (const [into, key, value] of [[a, 'k', 'x'], [a, 'k', 'y'], [c, 'k', 'R'], [a, 'k', 'drop'], [c, 'k', 'S'], [a, 'k', null], [c, 'q', 'T'], [a, 'q', 'z']] as const) {
      await driver.topic(into).pipe(key, value)
      outputs.push((await driver.output(out).readAll()).map(({ key, value }) => `${key}=${value}`))
    }

    assert.deepEqual(outputs, expected)
  })
}
