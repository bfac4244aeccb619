import type { StoreSource } from '../streams/index.ts'
import { Turnstile } from './turnstile.ts'

/** Reads of stores by anybody are not to take the connections that everything else needs. */
const BOUNDS = { atOnce: 4, waiting: 100, waitMs: 1_000 }

/** The same source for so many at once; beyond that it rejects with `CrowdedError`. */
export function boundSource (source: StoreSource): StoreSource {
  const turnstile = new Turnstile(BOUNDS)
  return {
    entries: async look => await turnstile.run(async () => await source.entries(look)),
    declared: async look => await turnstile.run(async () => await source.declared(look)),
    position: async (...task) => await turnstile.run(async () => await source.position(...task))
  }
}
