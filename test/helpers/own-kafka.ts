import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brokerConfig, formatKafka, runKafka } from '../../scripts/services/kafka.ts'
import { freePort, isRunning, stop } from '../../scripts/services/processes.ts'
import type { RunningService } from '../../scripts/services/state.ts'
import type { Owner } from './services.ts'

/** A Kafka that a test may break: nobody else uses it. */
export interface OwnKafka {
  /** All brokers, as `KAFKA_BOOTSTRAP` has them. */
  readonly bootstrap: string
  /** Ids from 1 on. */
  readonly brokers: readonly number[]
  /** SIGKILL; its data stays. */
  readonly kill: (broker: number) => Promise<void>
  /** Again on the same port with the same data. */
  readonly restart: (broker: number) => Promise<void>
}

interface Place {
  readonly id: number
  readonly port: number
  readonly controllerPort: number
  readonly directory: string
}

/** Starts brokers that are controllers too, so that any one of three may be lost; they end with the test. */
export async function openOwnKafka (t: Pick<Owner, 'after'>, { brokers = 1, settings = {} }: { readonly brokers?: 1 | 3, readonly settings?: Readonly<Record<string, string | number>> } = {}): Promise<OwnKafka> {
  const places = await Promise.all(Array.from({ length: brokers }, async (_, index): Promise<Place> => ({
    id: index + 1, port: await freePort(), controllerPort: await freePort(), directory: mkdtempSync(join(tmpdir(), 'millrace-own-kafka-'))
  })))
  const running = new Map<number, RunningService>()
  t.after(async () => {
    // Without patience: brokers that stop together wait for a quorum that is gone.
    await Promise.all([...running.values()].map(async service => await stop(service, 0)))
    for (const { directory } of places) rmSync(directory, { recursive: true, force: true })
  })
  await Promise.all(places.map(async place => {
    await formatKafka(place.directory, configOf(place, places, settings), [])
    running.set(place.id, await runKafka(place.directory))
  }))
  const placeOf = (id: number): Place => {
    const place = places.find(each => each.id === id)
    if (place === undefined) throw new RangeError(`There is no broker ${id}.`)
    return place
  }
  return {
    bootstrap: places.map(({ port }) => `127.0.0.1:${port}`).join(','),
    brokers: places.map(({ id }) => id),
    async kill (id) {
      const service = running.get(id)
      if (service === undefined) throw new Error(`Broker ${id} is not running.`)
      process.kill(service.pid, 'SIGKILL')
      running.delete(id)
      while (await isRunning(service)) await new Promise(resolve => setTimeout(resolve, 20))
    },
    async restart (id) {
      running.set(id, await runKafka(placeOf(id).directory))
    }
  }
}

/** Three of each keep what two have acknowledged when any one is lost. */
function configOf ({ id, port, controllerPort, directory }: Place, places: readonly Place[], settings: Readonly<Record<string, string | number>>): string {
  const copies = places.length
  const enough = copies > 1 ? 2 : 1
  return brokerConfig(join(directory, 'data'), {
    'node.id': id,
    'controller.quorum.voters': places.map(place => `${place.id}@127.0.0.1:${place.controllerPort}`).join(','),
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'default.replication.factor': copies,
    'min.insync.replicas': enough,
    'offsets.topic.replication.factor': copies,
    'transaction.state.log.replication.factor': copies,
    'transaction.state.log.min.isr': enough,
    'share.coordinator.state.topic.replication.factor': copies,
    'share.coordinator.state.topic.min.isr': enough,
    ...settings
  })
}
