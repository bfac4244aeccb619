import { InvalidArgumentError, Option, type Command } from 'commander'
import { FatalError } from '../../streams/index.ts'
import { membersRefusal, planReset, reset, type ResetDone, type ResetPlan } from '../../streams/runtime.ts'
import { addApplicationId, addConnections, addRedis, withConnections, withRedis, type ConnectionOptions } from './connections.ts'
import { addTargets, targetOf, type TargetOptions } from './reset-targets.ts'
import { textOfDone, textOfPlan } from './reset-text.ts'

interface ResetOptions extends ConnectionOptions, TargetOptions {
  readonly applicationId: string
  readonly inputTopics: readonly string[]
  readonly execute?: true
  readonly force?: true
  readonly json?: true
}

export function addReset (program: Command): Command {
  const command = program.command('reset').description(
    'Forget what an application made (schema, Redis keys, internal topics) and move its inputs, so that its next run starts there. ' +
    'Changes nothing without --execute. Its workers must be stopped.'
  )
  return addConnections(addRedis(addTargets(addApplicationId(command))))
    .addOption(new Option('--input-topics <topics>', 'input topics, separated by commas, beside those that the schema and the group know').argParser(readTopics).default([], 'none'))
    .addOption(new Option('--dry-run', 'only say what would be done (the default)').conflicts('execute'))
    .option('--execute', 'do it')
    .option('--force', 'evict active members of the group instead of refusing')
    .option('--json', 'print JSON')
    .action(async (options: ResetOptions) => {
      const request = { applicationId: options.applicationId, target: targetOf(options, Date.now()), inputTopics: options.inputTopics }
      await withConnections(options, async connections => {
        if (options.execute !== true) return show(await planReset(request, connections), options)
        await withRedis(options, async ({ redis, problem }) => {
          const planned = (plan: ResetPlan): void => { if (options.json !== true) process.stdout.write(textOfPlan(plan)) }
          const done = await reset(request, { ...connections, ...(redis === undefined ? {} : { redis }) }, { force: options.force === true, planned })
          showDone({ ...done, redisProblem: problem ?? done.redisProblem }, options)
        })
      })
    })
}

function readTopics (text: string): string[] {
  const topics = text.split(',').map(topic => topic.trim())
  if (topics.includes('')) throw new InvalidArgumentError('Give names separated by commas.')
  return topics
}

/** Says so where the same command with --execute would be refused, also by its exit code. */
function show (plan: ResetPlan, { json, force }: ResetOptions): void {
  process.stdout.write(json === true ? JSON.stringify({ executed: false, ...plan }, undefined, 2) + '\n' : `${textOfPlan(plan)}\nNothing was changed; do it with --execute.\n`)
  if (plan.members.length > 0 && force !== true) throw new FatalError(membersRefusal(plan.applicationId, plan.members))
}

function showDone ({ plan, deletedKeys, redisProblem }: ResetDone, { json }: ResetOptions): void {
  process.stdout.write(json === true
    ? JSON.stringify({ executed: true, ...plan, deletedRedisKeys: deletedKeys ?? null, redisProblem: redisProblem ?? null }, undefined, 2) + '\n'
    : textOfDone({ plan, deletedKeys, redisProblem }))
}
