import { deepEqual, equal } from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Pauses } from '../../../streams/pauses.ts'
import { logPauses } from '../../../streams/worker/pause-log.ts'

interface Line { readonly level: string, readonly message: string, readonly fields: Readonly<Record<string, unknown>> }

function openLog (t: TestContext): { readonly pauses: Pauses, readonly lines: Line[] } {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const lines: Line[] = []
  const at = (level: string) => (fields: object, message: string) => { lines.push({ level, message, fields: { ...fields } }) }
  const pauses = new Pauses()
  logPauses(pauses, { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') })
  return { pauses, lines }
}

test('a pause is logged once, again after 1, 2, 4 seconds and so on up to a minute, with what it waits for and how often it was tried', t => {
  const { pauses, lines } = openLog(t)
  const said: number[] = []

  pauses.waits('postgres', 'the database is away')
  for (let second = 1; second <= 250; second++) {
    const before = lines.length
    pauses.waits('postgres', 'the database is still away')
    t.mock.timers.tick(1_000)
    if (lines.length > before) said.push(second)
  }

  deepEqual(said, [1, 3, 7, 15, 31, 63, 123, 183, 243])
  deepEqual([lines[0]?.level, lines[0]?.message], ['warn', 'waiting; nothing is skipped meanwhile'])
  const { pause, waitsFor, reason, attempts } = lines[2]?.fields ?? {}
  deepEqual({ pause, waitsFor, reason, attempts }, { pause: 'postgres', waitsFor: 'Postgres', reason: 'the database is still away', attempts: 4 })
})

test('when a pause is over one line says how long it took, and none follows', t => {
  const { pauses, lines } = openLog(t)
  pauses.waits('kafka', 'no broker answers')
  t.mock.timers.tick(1_000)

  pauses.over('kafka')
  t.mock.timers.tick(600_000)

  deepEqual(lines.map(({ message }) => message), ['waiting; nothing is skipped meanwhile', 'still waiting', 'going on'])
  const over = lines.at(-1)
  equal(over?.level, 'info')
  equal(over?.fields['attempts'], 1)
  equal(typeof over?.fields['seconds'], 'number')
})
