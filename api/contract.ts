import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { ContractSettings } from '../schemas/settings.ts'
import { ContractAnswer, kpiTargets, MAX_BATCH_SIZE, slaTargets } from '../schemas/targets.ts'

const schema = { summary: 'What senders and readers may rely on', response: { 200: ContractAnswer } }

/** GET /contract: the targets, and the limits of events. */
export const contract: FastifyPluginAsyncTypebox<{ readonly settings: ContractSettings }> = async (app, { settings }) => {
  const answer: ContractAnswer = {
    kpi_targets: kpiTargets,
    sla_targets: slaTargets,
    event_contract: {
      max_event_future_ms: settings.CONTRACT_MAX_EVENT_FUTURE_MS,
      max_event_age_ms: settings.CONTRACT_MAX_EVENT_AGE_MS,
      max_batch_size: MAX_BATCH_SIZE
    }
  }
  app.get('/contract', { schema }, async () => answer)
}
