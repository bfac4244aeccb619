import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import { readLag, type LagReport } from '../../streams/runtime.ts'
import { addApplicationId, addConnections, withConnections, type ConnectionOptions } from './connections.ts'
import { table } from './table.ts'

interface LagOptions extends ConnectionOptions {
  readonly applicationId: string
  readonly watch?: true
  readonly json?: true
}

const WATCH_EVERY_MS = 2_000

export function addLag (program: Command): Command {
  const command = program.command('lag')
    .description('Show how far an application is behind, per partition. Its position in Postgres is what counts; the group\'s offset in Kafka follows it.')
  return addConnections(addApplicationId(command))
    .option('--watch', 'show it again every two seconds, until Ctrl-C')
    .option('--json', 'print JSON; with --watch one line each time')
    .action(async (options: LagOptions) => {
      await withConnections(options, async connections => {
        const show = async (): Promise<void> => print(await readLag(options.applicationId, connections), options)
        await show()
        if (options.watch === true) await repeat(show)
      })
    })
}

async function repeat (show: () => Promise<void>): Promise<void> {
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())
  while (!stopped.signal.aborted) {
    // Being woken by the signal is the end, not an error.
    await sleep(WATCH_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => {})
    if (!stopped.signal.aborted) await show()
  }
}

function print (report: LagReport, { watch, json }: LagOptions): void {
  if (json === true) {
    process.stdout.write(JSON.stringify(report, undefined, watch === true ? undefined : 2) + '\n')
    return
  }
  const clear = watch === true && process.stdout.isTTY ? '\u001B[H\u001B[2J' : ''
  process.stdout.write(clear + textOf(report))
}

function textOf ({ applicationId, partitions, totals }: LagReport): string {
  const rows = partitions.map(({ subTopology, topic, partition, position, endOffset, lag, groupOffset }) => [subTopology, topic, partition, position, endOffset, lag, groupOffset])
  const unknown = totals.withoutPosition === 0 ? '' : `, ${totals.withoutPosition} without a position yet`
  return table(['SUB-TOPOLOGY', 'TOPIC', 'PARTITION', 'POSITION', 'END', 'LAG', 'GROUP'], rows) +
    `${applicationId}: ${totals.partitions} partitions${unknown}, ${totals.lag} records to go\n`
}
