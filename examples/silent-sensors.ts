import Type from 'typebox'
import { defineOrdered, defineProcessor, defineTopic, defineTopology, serdes } from '../streams/index.ts'

const Signal = Type.Object({ sensor: Type.String(), celsius: Type.Number() })
const Silence = Type.Object({ lastCelsius: Type.Number(), silentSince: Type.Integer() })

/** Keyed by the sensor. */
export const signals = defineTopic({ name: 'signals', value: serdes.json(Signal) })
export const silences = defineTopic({ name: 'silences', value: serdes.json(Silence) })

const MINUTE = 60_000
const SILENT_AFTER = 5 * MINUTE

/** Each task has a part of the store for itself: the sensors of its partition. */
const lastSignals = defineOrdered({ name: 'last-signals', value: serdes.json(Signal) })

/**
 * That something does not come, no record can say: so once a minute the node looks through what it has kept. It does so by
 * stream time, the time of the records, and says the same again when the same records are processed again. By `wall-clock`
 * it would also notice that all sensors are silent at once, and could not be repeated.
 */
const reportSilence = defineProcessor({
  name: 'report-silence',
  input: Signal,
  output: Silence,
  stores: { last: lastSignals },
  process ({ value, timestamp }, { stores }) {
    stores.last.put(value.sensor, value, timestamp)
  },
  punctuate: [{
    everyMs: MINUTE,
    by: 'stream-time',
    run (now, { stores, forward }) {
      for (const { value: { sensor, celsius }, timestamp } of [...stores.last.range('', undefined)]) {
        if (timestamp > now - SILENT_AFTER) continue
        stores.last.delete(sensor)
        forward({ key: sensor, value: { lastCelsius: celsius, silentSince: timestamp }, timestamp: now, headers: [] })
      }
    }
  }]
})

/** Sensors that have said nothing for five minutes, each time that they fall silent. */
export const silentSensors = defineTopology('silent-sensors', ({ stream }) => {
  stream(signals, { name: 'signals' })
    .filter(signal => signal !== null, { name: 'real-signals' })
    .process(reportSilence)
    .to(silences, { name: 'silences' })
})
