import Type from 'typebox'
import { defineTopic, defineTopology, isRejected, isValid, serdes, timeWindows } from '../streams/index.ts'

const Reading = Type.Object({ district: Type.String(), kwh: Type.Number({ minimum: 0 }) })
const Usage = Type.Object({ kwh: Type.Number(), from: Type.Integer() })

/** Keyed by the meter. What comes in is checked in the topology, so that what is wrong goes to the dead letters with its reason. */
export const readings = defineTopic({ name: 'readings' })
/** Keyed by the district. */
export const usage = defineTopic({ name: 'usage', value: serdes.json(Usage) })
export const deadReadings = defineTopic({ name: 'readings-dlq' })

const HOUR = 3_600_000

/**
 * What each district used in an hour, said once, when the hour is over.
 *
 * Small, and still it has all that makes a topology hard to test by hand: bad input, a topic of its own in the middle, state,
 * and a result that only time brings out. Its test shows how the test driver gets at each of them.
 */
export const meterReadings = defineTopology('meter-readings', ({ stream }) => {
  const { valid, dlq } = stream(readings, { name: 'readings' })
    .validate(Reading, { name: 'check-reading' })
    .branch({ valid: isValid, dlq: isRejected }, { name: 'reading' })

  dlq.to(deadReadings, { name: 'dead-readings', format: 'envelope' })

  valid
    .groupBy(({ district }) => district, { name: 'by-district' })
    .windowedBy(timeWindows({ sizeMs: HOUR, graceMs: 60_000 }))
    .emitStrategy('on-window-close')
    .aggregate(() => 0, (sum, { kwh }) => sum + kwh, { name: 'sum', store: { name: 'usage-by-district' } })
    .toStream({ name: 'hours' })
    .filter(kwh => kwh !== null, { name: 'real-hours' })
    .map((kwh, { key: district, window }) => [district, { kwh, from: window.start }], { name: 'by-district-alone' })
    .to(usage, { name: 'usage' })
})
