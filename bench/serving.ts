import type { Benchmark } from './lib/benchmark.ts'
export const serving: Benchmark = { name: 'serving', run: async () => ({ correct: true, mistakes: [], numbers: {}, tables: [] }) }
