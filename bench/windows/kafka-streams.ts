import { readFile } from 'node:fs/promises'
import { runPeer } from '../lib/peer.ts'
import { outcomeOf } from '../lib/peer-outcome.ts'
import { freshResultFile } from '../lib/result-file.ts'
import { kafkaStreamsName, kafkaStreamsWindows, type Guarantee } from '../peers/kafka-streams.ts'
import { findDifference, readResult } from './result.ts'
import type { WindowsSubject } from './subject.ts'

const TIMEOUT_MS = 900_000

/** Kafka Streams in Java. */
export function kafkaStreamsSubject (guarantee: Guarantee, threads = 1): WindowsSubject {
  return {
    name: kafkaStreamsName(guarantee, threads),
    isPeer: true,
    async run (owner, { expected, ...ground }) {
      const resultFile = await freshResultFile(owner)
      const run = await runPeer(owner, await kafkaStreamsWindows({ ...ground, resultFile, guarantee, threads }), { timeoutMs: TIMEOUT_MS })
      return outcomeOf(run, findDifference(readResult(await readFile(resultFile, 'utf8')), expected))
    }
  }
}
