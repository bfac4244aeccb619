import { column, defineList } from '../streams/index.ts'

/** The newest items of a user. */
export const userHistory = defineList({
  name: 'user_history',
  key: ['user_id'],
  position: 'pos',
  entry: { item_id: column('text'), ts: column('timestamptz') }
})
