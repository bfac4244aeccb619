import { defineCounter } from '../streams/index.ts'

/** n_i of rules-v2: the sum of all co-visitation counts out of an item. */
export const coVisitationOut = defineCounter({ name: 'co_visitation_out', key: ['item_id'], count: 'cnt' })

/** m_j of rules-v2: the sum of all co-visitation counts into an item. */
export const coVisitationIn = defineCounter({ name: 'co_visitation_in', key: ['item_id'], count: 'cnt' })
