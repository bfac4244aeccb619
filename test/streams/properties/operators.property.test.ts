import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { compareWithModel } from './comparison.ts'
import { families } from './families.ts'

/** In all; a release wants more: npm run test:properties. */
const CASES = 300

for (const { name } of families) {
  test(`${name} are as the model says, whatever is late, comes twice, dies, restarts or is given to others`, async () => {
    await compareWithModel(CASES / families.length, Number(process.env['SEED'] ?? randomInt(2 ** 31)), name)
  })
}
