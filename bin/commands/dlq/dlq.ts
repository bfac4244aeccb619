import type { Command } from 'commander'
import { addEdit } from './edit.ts'
import { addExport } from './export.ts'
import { addList } from './list.ts'
import { addPurge } from './purge.ts'
import { addReplay } from './replay.ts'
import { addShow } from './show.ts'
import { addStats } from './stats.ts'

export function addDlq (program: Command): Command {
  const dlq = program.command('dlq').description('Work with dead letters: ours, and those of Kafka Streams, share groups, Spring and Kafka Connect.')
  for (const add of [addList, addShow, addStats, addReplay, addEdit, addPurge, addExport]) add(dlq).option('--verbose', 'with errors, say where in the code they come from')
  return dlq.addHelpText('after', `
A usual way through:
  millrace dlq stats --topic orders-dlq                                   what is there, by error
  millrace dlq list --topic orders-dlq --error timeout --since PT1H       which ones
  millrace dlq show 0:42 --topic orders-dlq                               one of them, with the place of the error
  millrace dlq replay --topic orders-dlq --error timeout --dry-run        what would be sent, and where to
  millrace dlq replay --topic orders-dlq --error timeout --rate 100
  millrace dlq edit 0:42 --topic orders-dlq --topology orders             one of them, mended
  millrace dlq purge --topic orders-dlq --before 0:100                    what is no longer wanted`)
}
