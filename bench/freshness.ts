import type { Benchmark } from './lib/benchmark.ts'
export const freshness: Benchmark = { name: 'freshness', run: async () => ({ correct: true, mistakes: [], numbers: {}, tables: [] }) }
