import { attachmentTasks } from '../processors/downloads/attachment-tasks.ts'
import { DownloadEvent } from '../schemas/download-event.ts'
import { downloadsApplicationIds, DownloadsSettings } from '../schemas/downloads-settings.ts'
import { defineTopology, isRejected, isValid } from '../streams/index.ts'
import { downloadsTopics } from './downloads-topics.ts'

/** The event ingester: one task for each file of an event. */
export const downloadsEvents = defineTopology(downloadsApplicationIds.DOWNLOADS_EVENTS_APPLICATION_ID, { settings: DownloadsSettings }, ({ stream, settings }) => {
  const topics = downloadsTopics(settings)

  const events = stream(topics.events, { name: 'events' })
    .validate(DownloadEvent, { name: 'check-event' })
    .branch({ valid: isValid, dlq: isRejected }, { name: 'event' })
  const tasks = events.valid
    .flatMapValues(attachmentTasks, { name: 'split-attachments' })
    .branch({ valid: isValid, dlq: isRejected }, { name: 'attachment' })

  events.dlq.to(topics.deadLetters, { name: 'event-dead-letters', format: 'raw' })
  tasks.dlq.to(topics.deadLetters, { name: 'attachment-dead-letters', format: 'raw' })

  tasks.valid
    .selectKey(({ media_id: mediaId }) => mediaId, { name: 'by-media-id' })
    .to(topics.pending, { name: 'pending' })
})
