import { registerHooks } from 'node:module'

const original = '/processors/count-popularity.ts'
const throwing = new URL('./count-popularity.ts', import.meta.url).href

/** For `node --import`: the recommender gets a processor that throws on one item, and is otherwise as it is. */
registerHooks({
  resolve (specifier, context, next) {
    const resolved = next(specifier, context)
    return resolved.url.endsWith(original) && context.parentURL !== throwing ? { ...resolved, url: throwing } : resolved
  }
})
