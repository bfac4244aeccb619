import { appendHistory } from '../processors/append-history.ts'
import { countPopularity } from '../processors/count-popularity.ts'
import { keepNewEvents } from '../processors/keep-new-events.ts'
import { keepNewWatches } from '../processors/keep-new-watches.ts'
import { linkToPrevious } from '../processors/link-to-previous.ts'
import { storeImpression } from '../processors/store-impression.ts'
import { weighEvent, weighWatch } from '../processors/weigh-signal.ts'
import { impressionContract } from '../schemas/impression.ts'
import { interactionEventContract } from '../schemas/interaction-event.ts'
import { RecommenderSettings } from '../schemas/settings.ts'
import { watchContract } from '../schemas/watch.ts'
import { coVisitation } from '../stores/co-visitation.ts'
import { coVisitationIn } from '../stores/co-visitation-in.ts'
import { coVisitationOut } from '../stores/co-visitation-out.ts'
import { eventLog } from '../stores/event-log.ts'
import { impressionLog } from '../stores/impression-log.ts'
import { itemPopularity } from '../stores/item-popularity.ts'
import { userHistory } from '../stores/user-history.ts'
import { watchLog } from '../stores/watch-log.ts'
import { defineTopology, isRejected, isValid } from '../streams/index.ts'
import { recommenderTopics } from './recommender-topics.ts'

/** What users were shown, watched and bought, turned into what to show next. */
export const recommender = defineTopology('recommender', { settings: RecommenderSettings }, ({ stream, settings }) => {
  const topics = recommenderTopics(settings)

  const impressions = stream(topics.impressions, { name: 'impressions' })
    .validate(impressionContract(settings), { name: 'check-impression' })
    .branch({ valid: isValid, dlq: isRejected }, { name: 'impression' })
  const watches = stream(topics.watches, { name: 'watches' })
    .validate(watchContract(settings), { name: 'check-watch' })
    .branch({ valid: isValid, dlq: isRejected }, { name: 'watch' })
  const events = stream(topics.events, { name: 'events' })
    .validate(interactionEventContract(settings), { name: 'check-event' })
    .branch({ valid: isValid, dlq: isRejected }, { name: 'event' })

  impressions.dlq.to(topics.deadLetters, { name: 'impression-dead-letters', format: 'envelope' })
  watches.dlq.to(topics.deadLetters, { name: 'watch-dead-letters', format: 'envelope' })
  events.dlq.to(topics.deadLetters, { name: 'event-dead-letters', format: 'envelope' })

  impressions.valid.process(storeImpression({ into: impressionLog }))

  const watched = watches.valid.process(keepNewWatches({ in: watchLog })).mapValues(weighWatch, { name: 'weigh-watch' })
  const interacted = events.valid.process(keepNewEvents({ in: eventLog })).mapValues(weighEvent, { name: 'weigh-event' })

  watched.merge(interacted, { name: 'interactions' })
    .process(countPopularity({ into: itemPopularity }))
    .process(linkToPrevious({ history: userHistory, into: coVisitation, outgoing: coVisitationOut, incoming: coVisitationIn }))
    .process(appendHistory({ into: userHistory, keep: settings.STREAM_FEATURE_HISTORY_SIZE }))
})
