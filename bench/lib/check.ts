import type { ModelResult } from '../../test/helpers/model.ts'
import { assertSameRows, assertTables, deadLettersOf, readTables, readTopic } from '../../test/helpers/recommender.ts'
import type { Services } from '../../test/helpers/services.ts'

export interface Checked {
  readonly services: Services
  readonly applicationId: string
  readonly deadLetterTopic: string
  readonly expected: ModelResult
}

/** What is wrong with the tables and dead letters; undefined: they are exactly the model's. */
export async function findMistake ({ services, applicationId, deadLetterTopic, expected }: Checked): Promise<string | undefined> {
  try {
    assertTables(await readTables(services, applicationId), expected)
    assertSameRows(deadLettersOf(await readTopic(services, deadLetterTopic)), expected.dead_letters, 'dead letters')
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
