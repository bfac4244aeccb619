import { withAdmin, type Services } from '../../test/helpers/services.ts'

/** What an application has made for itself in Kafka: the topics whose names begin with its id, as Millrace and Kafka Streams name them. */
export async function deleteInternalTopics ({ kafka }: Pick<Services, 'kafka'>, applicationId: string): Promise<void> {
  await withAdmin(kafka, async admin => {
    const topics = (await admin.listTopics()).filter(name => name.startsWith(`${applicationId}-`))
    if (topics.length > 0) await admin.deleteTopics({ topics })
  })
}
