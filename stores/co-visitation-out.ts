import { defineCounter } from '../streams/index.ts'

/** n_i of rules-v2: the sum of all co-visitation counts out of an item. */
export const coVisitationOut = defineCounter({ name: 'co_visitation_out', key: ['item_id'], count: 'cnt' })
