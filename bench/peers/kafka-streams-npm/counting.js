// The npm package kafka-streams, as far as it runs: it reads the orders. Its client speaks versions of the protocol that Kafka 4 has dropped, so
// that the first record never comes and there is nothing to count yet.
const { KafkaStreams } = require('kafka-streams')

const PATIENCE_MS = 20_000

const streams = new KafkaStreams({
  kafkaHost: process.env.KAFKA_BOOTSTRAP,
  groupId: process.env.APPLICATION_ID,
  clientName: process.env.APPLICATION_ID,
  workerPerPartition: 1,
  options: { sessionTimeout: 8_000, protocol: ['roundrobin'], fromOffset: 'earliest', autoCommit: true, autoCommitIntervalMs: 1_000 }
})

let problem = 'the client says nothing'
const note = error => { problem = `the client says: ${String(error?.message ?? error).split('\n')[0]}` }
streams.on('error', note)
const orders = streams.getKStream(process.env.TOPIC_ORDERS)
orders.forEach(() => give('it reads records of this broker; now its counting can be written here'))
orders.start(() => {}, note)
setTimeout(() => give(`no record came within ${PATIENCE_MS / 1_000} s; ${problem}`), PATIENCE_MS)

function give (reason) {
  process.stderr.write(`${reason}\n`)
  process.exit(1)
}
