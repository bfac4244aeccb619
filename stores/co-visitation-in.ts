import { defineCounter } from '../streams/index.ts'

/** m_j of rules-v2: the sum of all co-visitation counts into an item. */
export const coVisitationIn = defineCounter({ name: 'co_visitation_in', key: ['item_id'], count: 'cnt' })
