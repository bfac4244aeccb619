import { deepEqual, equal } from 'node:assert/strict'
import { readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { sweepCache } from '../../../processors/downloads/sweep-cache.ts'
import { openFolder } from '../../helpers/downloads.ts'

const DAY_MS = 24 * 60 * 60 * 1000

void test('files older than a day are swept, whole ones and begun ones, and nothing that is not of the cache', async t => {
  const folder = await openFolder(t)
  const nowMs = Date.now()
  const media = '0b9d4f4a-6f0c-5c3e-9a59-3f2f5c3f1c11'
  const files = { [`${media}.${'a'.repeat(64)}`]: 2, [`.partial-${media}`]: 2, [`${media}.${'b'.repeat(64)}`]: 0.5, 'notes.txt': 9 }
  for (const [name, days] of Object.entries(files)) {
    await writeFile(join(folder, name), 'x')
    await utimes(join(folder, name), new Date(nowMs), new Date(nowMs - days * DAY_MS))
  }

  const removed = await sweepCache({ folder, olderThanMs: DAY_MS, nowMs })

  equal(removed, 2)
  deepEqual((await readdir(folder)).sort(), [`${media}.${'b'.repeat(64)}`, 'notes.txt'])
})

void test('a cache that nobody has used yet has nothing to sweep', async t => {
  equal(await sweepCache({ folder: join(await openFolder(t), 'none'), olderThanMs: DAY_MS, nowMs: Date.now() }), 0)
})
