import { openMemorySource } from '../../../streams/queries/memory-source.ts'
import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { openQueriedWorld } from '../../helpers/queried-world.ts'
import { storeQueriesContract } from './store-queries.contract.ts'

storeQueriesContract('memory', async t => {
  const state = openMemoryState()
  return await openQueriedWorld(t, { state, source: openMemorySource(state), applicationId: 'test' })
})
