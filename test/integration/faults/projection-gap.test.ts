import assert from 'node:assert/strict'
import { Redis } from 'ioredis'
import { itemPopularity } from '../../../stores/item-popularity.ts'
import { silentLogger } from '../../../streams/index.ts'
import { Pauses } from '../../../streams/pauses.ts'
import { Projector } from '../../../streams/projection/projector.ts'
import { openRedisProjection, type Applied } from '../../../streams/projection/redis-projection.ts'
import { openPostgres } from '../../../streams/state/postgres/database.ts'
import { openPostgresState } from '../../../streams/state/postgres/postgres-state.ts'
import { freshApplicationId, integrationTest } from '../../helpers/services.ts'
import { createTestTables } from '../../helpers/stores.ts'
import { add, held } from '../../streams/state/state.contract.ts'
import { claimUnit } from '../../helpers/units.ts'

integrationTest('behind a unit that its process never projected, Redis is level again under load, not only when the load ends', async (t, services) => {
  const applicationId = freshApplicationId(t, services)
  const database = openPostgres({ url: services.postgres, applicationName: 'millrace-tests', maxConnections: 6 })
  const redis = new Redis(services.redis)
  t.after(async () => {
    redis.disconnect()
    await database.close()
  })
  const schema = await createTestTables(database, applicationId)
  const state = openPostgresState({ database, schema, owner: 'test', projected: true })
  const { generation } = schema
  const redisProjection = openRedisProjection({ redis, applicationId, generation, shards: 1 })
  const answers = new Map<number, Applied>()
  const projector = new Projector({
    projection: {
      ...redisProjection,
      async apply (changes, tasks, build) {
        const applied = await redisProjection.apply(changes, tasks, build)
        for (const [, unit] of tasks) if (answers.get(unit) !== 'ok') answers.set(unit, applied)
        return applied
      }
    },
    database,
    applicationId,
    generation,
    stores: [itemPopularity],
    logger: silentLogger,
    pauses: new Pauses()
  })
  projector.start()
  t.after(async () => await projector.stop())
  while (projector.status !== 'level') await new Promise(resolve => setTimeout(resolve, 20))
  let position = await held({ state })
  const commit = async (): Promise<() => void> => {
    const unit = await state.begin()
    await claimUnit(unit, [position], [])
    const written = await unit.write([add(itemPopularity, { item: 1 })], projector.takeApplied())
    position = { ...position, unit: position.unit + 1 }
    if (written.outcome !== 'committed' || written.outboxId === undefined) throw new Error('The unit was not committed.')
    const committed = { changes: written.changes, outboxId: written.outboxId, tasks: [[`${position.subTopology}/${position.partition}`, position.unit] as const] }
    return () => projector.committed(committed)
  }

  // Its process dies between Postgres and Redis.
  await commit()
  const deadline = Date.now() + 6_000
  let level = false
  while (!level && Date.now() < deadline) {
    const project = await commit()
    project()
    await new Promise(resolve => setTimeout(resolve, 40))
    level = answers.get(position.unit) === 'ok'
  }

  assert.ok(level, `${position.unit} units were committed, and the last of them still counts as having a gap before it`)
})
