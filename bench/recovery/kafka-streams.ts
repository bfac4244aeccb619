import { endedBefore, linesOf, startPeer, type StartedPeer } from '../lib/peer.ts'
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
      first.child.kill('SIGKILL')
      const killedAt = performance.now()
      await first.exited
      await progressBeyond(startPeer(owner, peer), 0)
      return { ms: performance.now() - killedAt }
    }
  }
}

async function progressBeyond (peer: StartedPeer, records: number): Promise<void> {
  for await (const [word, number = 0] of linesOf(peer)) if (word === 'progress' && number > records) return
  throw endedBefore(peer, `${records} records`)
}
