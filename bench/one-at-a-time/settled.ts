import { setTimeout as sleep } from 'node:timers/promises'
import { openKafkaLog } from '../../streams/runtime.ts'

const LOOK_EVERY_MS = 50

/** Resolves when the group's offsets are behind so many records of logs that begin at 0. */
export async function groupHasCommitted (brokers: readonly string[], groupId: string, records: number): Promise<void> {
  const log = openKafkaLog({ brokers: [...brokers], clientId: 'millrace-bench' })
  try {
    while ((await log.groupOffsets(groupId)).reduce((sum, { offset }) => sum + offset, 0) < records) await sleep(LOOK_EVERY_MS)
  } finally {
    await log.close()
  }
}
