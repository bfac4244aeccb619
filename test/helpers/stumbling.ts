import { writeSync } from 'node:fs'
import { Type } from 'typebox'
import { defineProcessor, defineTopic, defineTopology, isRejected, isValid } from '../../streams/index.ts'

/** The processor time that a slow word takes: it is not over because the process was stopped meanwhile. */
const SLOW_MS = 300

/** Hands words on, but for those that tell it to stumble; says when it begins with one that takes time, past everything that stands still. */
const takeWord = defineProcessor({
  name: 'take-word',
  input: Type.String(),
  output: Type.String(),
  stores: {},
  process (record, { forward }) {
    if (record.value === 'throw') throw new Error('it was told to')
    if (record.value === 'loop' || record.value === 'slow') {
      writeSync(2, `begins with ${record.value}\n`)
      const limitMs = record.value === 'loop' ? Infinity : SLOW_MS
      for (const before = process.cpuUsage(); usedMs(before) < limitMs;);
    }
    forward(record)
  }
})

function usedMs (before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

const Settings = Type.Object({
  WORDS_IN: Type.String({ default: 'words' }), WORDS_OUT: Type.String({ default: 'words-out' }), WORDS_DEAD: Type.String({ default: 'words-dead' })
})

/** What a processor may do to its worker: for tests that run it with `millrace run`. */
export const stumbling = defineTopology('stumbling', { settings: Settings }, ({ settings, stream }) => {
  const { valid, dlq } = stream(defineTopic({ name: settings.WORDS_IN })).validate(Type.String()).branch({ valid: isValid, dlq: isRejected })
  dlq.to(defineTopic({ name: settings.WORDS_DEAD }), { format: 'envelope' })
  valid.process(takeWord).to(defineTopic({ name: settings.WORDS_OUT }))
})
