import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { readDuration, readSize } from '../../schemas/units.ts'

void test('durations and sizes are read in their units, and what has none of them is none', () => {
  deepEqual(['500ms', '30s', '5m', '1h', '2d', '5', '5M', 'm', '-5m', '1.5h', '', '5 m', '5toString'].map(readDuration), [500, 30_000, 300_000, 3_600_000, 172_800_000, ...Array(8).fill(undefined)])
  deepEqual(['100', '100B', '2KiB', '3MiB', '1GiB', '5MB', '5m', ''].map(readSize), [100, 100, 2_048, 3_145_728, 1_073_741_824, undefined, undefined, undefined])
})
