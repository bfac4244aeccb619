import { equal, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('../../helpers/standing-still.ts', import.meta.url))

for (const [deadLetters, rest] of [['with', 'The database stands still with this process'], ['without', "The topology has no place for dead letters of 'moves'"]] as const) {
  test(`a process that does not come back from a record ends with a sentence, also where nothing can be written down (${deadLetters} dead letters)`, async () => {
    const child = spawn(process.execPath, [SCRIPT, deadLetters], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 30_000 })
    let said = ''
    child.stderr.on('data', chunk => { said += String(chunk) })
    await once(child, 'close')

    equal(child.signalCode, 'SIGKILL', said)
    ok(said.startsWith(`millrace app: record moves-3@17 has been in node 'source' for 0.5 s and holds up everything else, so this process ends. ${rest}`), said)
  })
}

test('a record of a topic that a pattern has found is named by that topic', async () => {
  const child = spawn(process.execPath, [SCRIPT, 'found'], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 30_000 })
  let said = ''
  child.stderr.on('data', chunk => { said += String(chunk) })
  await once(child, 'close')

  ok(said.startsWith("millrace app: record moves-found-3@17 has been in node 'source' for 0.5 s"), said)
})
