import type { ResetDone, ResetPlan } from '../../streams/runtime.ts'
import { table } from './table.ts'

/** What will be deleted and where the inputs go. */
export function textOfPlan ({ applicationId, hasSchema, tables, redisKeys, internalTopics, positions, missingTopics }: ResetPlan): string {
  return [
    `Reset of '${applicationId}'.\n`,
    hasSchema
      ? `\nTables of schema "${applicationId}" that are dropped (rows are estimates):\n${indented(table(['TABLE', 'ROWS'], tables.map(({ name, rows }) => [name, rows])))}`
      : `\nPostgres has no schema "${applicationId}"; it is made.\n`,
    `\nRedis keys that are deleted: ${redisKeys}\n`,
    `Internal topics that are deleted: ${internalTopics.join(', ') || 'none'}\n`,
    missingTopics.length === 0 ? '' : `Inputs that are not on this cluster any more, and are forgotten: ${missingTopics.join(', ')}\n`,
    positions.length === 0
      ? '\nNo input is known, neither from the schema nor from the group; name them with --input-topics, else the next run starts by its own policy.\n'
      : `\nNew positions:\n${indented(table(
        ['TOPIC', 'PARTITION', 'BEGINNING', 'END', 'POSITION', 'GROUP', 'NEW'],
        positions.map(({ topic, partition, beginning, end, position = null, groupOffset = null, newPosition }) => [topic, partition, beginning, end, position, groupOffset, newPosition])
      ))}`
  ].join('')
}

export function textOfDone ({ plan: { applicationId, internalTopics, positions }, deletedKeys, redisProblem }: ResetDone): string {
  const redis = deletedKeys === undefined
    ? `Redis was left as it is: ${redisProblem ?? 'it could not be asked'}. What it holds counts no more; the next worker builds it anew.`
    : `Deleted ${deletedKeys} Redis keys.`
  return `\nDone: schema "${applicationId}" is new and empty. ${redis} Deleted ${internalTopics.length} internal topics. ` +
    `${positions.length} positions are set, in Postgres and for the group. The next run of '${applicationId}' starts there.\n`
}

function indented (text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ')
}
