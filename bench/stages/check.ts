import { runModel, type ModelRecord } from '../../test/helpers/model.ts'
import { assertTables, readTables } from '../../test/helpers/recommender.ts'
import type { Services } from '../../test/helpers/services.ts'
import type { Pipeline } from './pipeline.ts'

/** How what was written differs from the model's; undefined: it does not. */
export async function findMistakeInStages (services: Services, { applicationId, deadLetters }: Pick<Pipeline, 'applicationId' | 'deadLetters'>, records: readonly ModelRecord[]): Promise<string | undefined> {
  const expected = runModel(records)
  if (deadLetters !== expected.dead_letters.length) return `${deadLetters} dead letters instead of ${expected.dead_letters.length}`
  try {
    assertTables(await readTables(services, applicationId), expected)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
