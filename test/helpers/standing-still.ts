import { Type } from 'typebox'
import { defineTopic, defineTopology, isRejected, isValid, silentLogger } from '../../streams/index.ts'
import { Pulse, startWatchdog } from '../../streams/runtime.ts'

/** A process that begins a record and does not come back from it, watched: run by a test, with or without a place for dead letters, or of a topic that a pattern has found. */
const topology = defineTopology('standing-still', ({ stream }) => {
  const { dlq } = stream(defineTopic({ name: 'moves' }), { name: 'source' }).validate(Type.String()).branch({ valid: isValid, dlq: isRejected })
  if (process.argv[2] === 'with') dlq.to(defineTopic({ name: 'dead' }), { format: 'raw' })
})
const pulse = new Pulse()
startWatchdog({ topology, pulse, schema: { applicationId: 'app', generation: 'g' }, recordTimeoutMs: 500, database: undefined, logger: silentLogger })
if (process.argv[2] === 'found') pulse.found({ topic: 'moves-found', subTopology: 'source', hasDeadLetters: false })
pulse.begin(process.argv[2] === 'found' ? 1 : 0, 3, 17, 0)
for (;;);
