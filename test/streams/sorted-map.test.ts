import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SortedMap } from '../../streams/sorted-map.ts'

const key = fc.string({ unit: fc.constantFrom('\0', 'a', 'b', '\xff'), maxLength: 5 })
const changes = fc.array(fc.record({ deletes: fc.boolean(), key }), { maxLength: 600, size: 'max' })
const bounds = fc.record({ from: key, to: fc.option(key, { nil: undefined }), reverse: fc.boolean(), limit: fc.constantFrom(1, 10, 100, Infinity) })

test('a sorted map reads as a plain one that is sorted each time', () => {
  fc.assert(fc.property(changes, fc.boolean(), fc.constantFrom(1, 7, 50), fc.array(bounds, { minLength: 5 }), (changes, inOrder, kept, asked) => {
    const map = new SortedMap<string>()
    const model = new Map<string, string>()
    for (const { deletes, key } of inOrder ? changes.toSorted((a, b) => a.key < b.key ? -1 : 1) : changes) {
      if (deletes) deepEqual(map.delete(key), model.delete(key))
      else {
        map.set(key, key.toUpperCase())
        model.set(key, key.toUpperCase())
      }
    }
    // So few are left that leaves are emptied and joined.
    for (const [nth, key] of [...model.keys()].entries()) {
      if (nth % kept === 0) continue
      deepEqual([map.delete(key), map.delete(key)], [true, false])
      model.delete(key)
    }

    const sorted = [...model].sort(([a], [b]) => a < b ? -1 : 1)
    const valuesOf = (entries: typeof sorted): string[] => entries.map(([, value]) => value)
    deepEqual([map.size, map.values()], [sorted.length, valuesOf(sorted)])
    for (const { from, to, reverse, limit } of asked) {
      const within = valuesOf(sorted.filter(([key]) => key >= from && (to === undefined || key < to)))
      deepEqual(map.page(from, to, { reverse, limit }), (reverse ? within.reverse() : within).slice(0, limit))
      deepEqual([map.get(from), map.atOrBefore(from), map.before(from), map.before(undefined)], [
        model.get(from), valuesOf(sorted.filter(([key]) => key <= from)).at(-1), valuesOf(sorted.filter(([key]) => key < from)).at(-1), valuesOf(sorted).at(-1)
      ])
    }
    map.clear()
    deepEqual([map.size, map.values()], [0, []])
  }), { numRuns: 300 })
})
