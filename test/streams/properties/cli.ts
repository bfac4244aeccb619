import { randomInt } from 'node:crypto'
import { compareWithModel } from './comparison.ts'
import { families } from './families.ts'

/** Cases are drawn in portions: one that fails is told with its own seed. */
const PORTION = 500

const cases = Number(process.env['CASES'] ?? 100_000)
const seed = Number(process.env['SEED'] ?? randomInt(2 ** 31))
const [name] = process.argv.slice(2)
if (name !== undefined && !families.some(family => family.name === name)) {
  console.error(`There is no operator '${name}'; there are: ${families.map(family => family.name).join(', ')}.`)
  process.exit(2)
}
console.log(`${cases} cases, SEED=${seed}`)
const begun = performance.now()
for (let done = 0; done < cases; done += PORTION) {
  const count = Math.min(PORTION, cases - done)
  await compareWithModel(count, (seed + done) | 0, name)
  if ((done + count) % 5_000 === 0 || done + count === cases) console.log(`${done + count} cases without a difference, ${Math.round((performance.now() - begun) / 1_000)} s`)
}
