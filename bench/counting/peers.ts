import { dirname, join } from 'node:path'
import { PARTITIONS } from '../lib/race.ts'
import { kafkaStreamsCounting, kafkaStreamsName, type Guarantee } from '../peers/kafka-streams.ts'
import { requireGoProgram, requirePackages, requirePython, sourcesOf } from '../peers/install.ts'
import { peerSubject } from './peer-subject.ts'
import type { CountingRun, CountingSubject } from './subject.ts'

function kafkaStreams (guarantee: Guarantee): CountingSubject {
  return peerSubject(kafkaStreamsName(guarantee, 1), async ({ services, applicationId, topic, deadLetterTopic, records }, resultFile) =>
    await kafkaStreamsCounting({ services, applicationId, topic, deadLetterTopic, records, resultFile, guarantee }))
}

/** What the others are compared with. */
export const kafkaStreamsAtLeastOnce = kafkaStreams('at_least_once')

const quixStreams = peerSubject('Quix Streams (Python)', async (run, resultFile) => ({
  name: 'Quix Streams',
  command: await requirePython('quix-streams'),
  words: [join(sourcesOf('quix-streams'), 'counting.py')],
  environment: { ...environmentOf(run, resultFile), PYTHONPATH: sourcesOf('python') }
}))

const faust = peerSubject('Faust (Python)', async (run, resultFile) => ({
  name: 'Faust',
  command: await requirePython('faust'),
  words: [join(sourcesOf('faust'), 'counting.py'), 'worker', '--loglevel', 'error'],
  environment: { ...environmentOf(run, resultFile), PYTHONPATH: sourcesOf('python') }
}))

const goka = peerSubject('Goka (Go)', async (run, resultFile) => ({
  name: 'Goka',
  command: await requireGoProgram('goka'),
  words: [],
  environment: environmentOf(run, resultFile)
}))

const kafkaStreamsNpm = peerSubject('kafka-streams (npm)', async (run, resultFile) => ({
  name: 'kafka-streams (npm)',
  command: process.execPath,
  words: [join(await requirePackages('kafka-streams-npm'), 'counting.js')],
  environment: environmentOf(run, resultFile)
}))

export const peers: readonly CountingSubject[] = [kafkaStreamsAtLeastOnce, kafkaStreams('exactly_once_v2'), goka, quixStreams, faust, kafkaStreamsNpm]

function environmentOf ({ services, applicationId, topic, deadLetterTopic, records }: CountingRun, resultFile: string): Record<string, string> {
  return {
    KAFKA_BOOTSTRAP: services.kafka,
    APPLICATION_ID: applicationId,
    TOPIC_ORDERS: topic,
    TOPIC_DEAD_LETTERS: deadLetterTopic,
    PARTITIONS: String(PARTITIONS),
    RECORDS: String(records),
    RESULT_FILE: resultFile,
    STATE_FOLDER: join(dirname(resultFile), 'state')
  }
}
