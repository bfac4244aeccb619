import { openKafkaLog, openPostgres } from '../../streams/runtime.ts'
import type { Log } from '../../streams/index.ts'
import { createMemoryLog } from '../../streams/log/memory.ts'
import { openMemoryState } from '../../streams/state/memory-state.ts'
import { ensureEngineSchema } from '../../streams/state/postgres/engine-schema.ts'
import { openPostgresState } from '../../streams/state/postgres/postgres-state.ts'
import type { State } from '../../streams/state/state.ts'
import { freshApplicationId, freshTopics, type Services } from '../../test/helpers/services.ts'
import { deleteInternalTopics } from '../lib/internal-topics.ts'
import type { Owner } from '../lib/owner.ts'

const NAMES = ['tasks', 'letters'] as const

/** What a worker stands on, with topics of one partition. */
export interface Ground {
  readonly applicationId: string
  readonly topics: Readonly<Record<typeof NAMES[number], string>>
  readonly log: Log
  readonly state: State
}

export async function openMemoryGround (owner: Owner): Promise<Ground> {
  const log = createMemoryLog()
  owner.after(log.close)
  await log.createTopics(NAMES.map(name => ({ name, partitions: 1 })))
  return { applicationId: 'bench', topics: { tasks: 'tasks', letters: 'letters' }, log, state: openMemoryState() }
}

export async function openServicesGround (owner: Owner, services: Services): Promise<Ground> {
  const applicationId = freshApplicationId(owner, services)
  const topics = await freshTopics(owner, services, NAMES)
  const log = openKafkaLog({ brokers: services.kafka.split(','), clientId: 'millrace-bench' })
  const database = openPostgres({ url: services.postgres, applicationName: 'millrace bench', maxConnections: 4 })
  owner.after(async () => {
    await deleteInternalTopics(services, applicationId)
    await log.close()
    await database.close()
  })
  const schema = await ensureEngineSchema(database, applicationId)
  return { applicationId, topics, log, state: openPostgresState({ database, schema, owner: 'bench', projected: false }) }
}
