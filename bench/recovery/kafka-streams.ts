import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { startPeer, type StartedPeer } from '../lib/peer.ts'
import { freshResultFile } from '../lib/result-file.ts'
import { kafkaStreamsCounting, kafkaStreamsName, type Guarantee } from '../peers/kafka-streams.ts'
import { KILLED_AT, type RecoverySubject } from './subject.ts'

/** Restarted at once on the same state directory. Its own progress tells; it works off records again whose commit is missing, so its result is not looked at. */
export function kafkaStreamsRecovery (guarantee: Guarantee): RecoverySubject {
  return {
    name: `${kafkaStreamsName(guarantee, 1)}, restarted at once`,
    isPeer: true,
    async run (owner, { services, topic, deadLetterTopic, applicationId, records }) {
      const peer = await kafkaStreamsCounting({ services, topic, deadLetterTopic, applicationId, records, resultFile: await freshResultFile(owner), guarantee })
      const first = startPeer(owner, peer)
      await progressBeyond(first, records * KILLED_AT)
      first.kill('SIGKILL')
      const killedAt = performance.now()
      await once(first, 'exit')
      await progressBeyond(startPeer(owner, peer), 0)
      return { ms: performance.now() - killedAt }
    }
  }
}

async function progressBeyond (child: StartedPeer, records: number): Promise<void> {
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, number] = line.split(' ')
    if (word === 'progress' && Number(number) > records) return
  }
  throw new Error(`It ended before ${records} records (${child.exitCode ?? child.signalCode ?? 'still running'}).`)
}
