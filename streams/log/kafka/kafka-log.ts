import type { GroupMember, Log, LogProducer, LogReader } from '../log.ts'
import { createAdmin } from './admin.ts'
import { checkClientVersion } from './client-version.ts'
import { Cluster, type KafkaOptions } from './cluster.ts'
import { joinKafkaGroup, type GroupTuning } from './group.ts'
import { openKafkaProducer } from './producer.ts'
import { openKafkaReader } from './reader.ts'

export type { KafkaOptions, LogLogger } from './cluster.ts'

/** The log on a Kafka cluster (3.1 or newer). Connects when it is first asked for something; closing it closes what was opened through it. */
export function openKafkaLog (options: KafkaOptions, tuning: GroupTuning = {}): Log {
  checkClientVersion()
  const cluster = new Cluster(options)
  const opened = new Set<LogReader | LogProducer>()
  const members = new Set<GroupMember>()
  const keep = <T extends LogReader | LogProducer>(client: T): T => {
    const kept = {
      ...client,
      close: async () => {
        opened.delete(kept)
        await client.close()
      }
    }
    opened.add(kept)
    return kept
  }
  return {
    ...createAdmin(cluster),
    openReader: options => keep(openKafkaReader(cluster, options)),
    openProducer: () => keep(openKafkaProducer(cluster)),
    joinGroup: async options => {
      const { member, joined } = joinKafkaGroup(cluster, options, tuning)
      const kept = {
        ...member,
        leave: async () => {
          members.delete(kept)
          await member.leave()
        }
      }
      members.add(kept)
      await joined
      return kept
    },
    close: async () => {
      await Promise.all([...members].map(member => member.leave()))
      await Promise.all([...opened].map(client => client.close()))
      await cluster.close()
    }
  }
}
