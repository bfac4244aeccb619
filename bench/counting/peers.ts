import { dirname, join } from 'node:path'
import { requireGoProgram, requirePackages, requirePython, sourcesOf } from '../peers/install.ts'
import { peerSubject } from './peer-subject.ts'
import type { CountingSubject, Ground } from './subject.ts'

const quixStreams = peerSubject('Quix Streams (Python)', async ground => ({
  name: 'Quix Streams',
  command: await requirePython('quix-streams'),
  words: [join(sourcesOf('quix-streams'), 'counting.py')],
  environment: { ...environmentOf(ground), PYTHONPATH: sourcesOf('python') }
}))

const faust = peerSubject('Faust (Python)', async ground => ({
  name: 'Faust',
  command: await requirePython('faust'),
  words: [join(sourcesOf('faust'), 'counting.py'), 'worker', '--loglevel', 'error'],
  environment: { ...environmentOf(ground), PYTHONPATH: sourcesOf('python') }
}))

const goka = peerSubject('Goka (Go)', async ground => ({
  name: 'Goka',
  command: await requireGoProgram('goka'),
  words: [],
  environment: environmentOf(ground)
}))

const kafkaStreamsNpm = peerSubject('kafka-streams (npm)', async ground => ({
  name: 'kafka-streams (npm)',
  command: process.execPath,
  words: [join(await requirePackages('kafka-streams-npm'), 'counting.js')],
  environment: environmentOf(ground)
}))

export const peers: readonly CountingSubject[] = [goka, quixStreams, faust, kafkaStreamsNpm]

function environmentOf ({ services, applicationId, topic, deadLetterTopic, partitions, records, resultFile }: Ground): Record<string, string> {
  return {
    KAFKA_BOOTSTRAP: services.kafka,
    APPLICATION_ID: applicationId,
    TOPIC_ORDERS: topic,
    TOPIC_DEAD_LETTERS: deadLetterTopic,
    PARTITIONS: String(partitions),
    RECORDS: String(records),
    RESULT_FILE: resultFile,
    STATE_FOLDER: join(dirname(resultFile), 'state')
  }
}
