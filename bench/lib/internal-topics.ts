import { withAdmin, type Services } from '../../test/helpers/services.ts'

/** What an application has made for itself in Kafka. Each library has its own way of naming, but every name has the id in it. */
export async function deleteInternalTopics ({ kafka }: Pick<Services, 'kafka'>, applicationId: string): Promise<void> {
  await withAdmin(kafka, async admin => {
    const topics = (await admin.listTopics()).filter(name => name.includes(applicationId))
    if (topics.length > 0) await admin.deleteTopics({ topics })
  })
}
