import Type, { type Static } from 'typebox'
import { PathPart, Text } from './downloads-text.ts'

/** Something happened to an assignment, and files belong to it. Fields that are not named here are kept and passed on. */
export type DownloadEvent = Static<typeof DownloadEvent>
export const DownloadEvent = Type.Object({
  trace_id: Text(200, 'Names the event; with the URL it names each of its files.'),
  event_type: Text(200),
  event_subtype: PathPart('The first folder of the files.'),
  timestamp: Type.Union([Text(100), Type.Number()], { description: 'When it happened, as its sender writes it.' }),
  assignment_id: PathPart('The second folder of the files.'),
  estimate_version: Type.Optional(Type.Union([Text(200), Type.Number()])),
  attachments: Type.Array(Type.Unknown(), { maxItems: 10_000, description: 'URLs. Anything else in the list is refused by itself.' }),
  metadata: Type.Optional(Type.Unknown())
})
