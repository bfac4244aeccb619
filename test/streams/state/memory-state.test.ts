import { openMemoryState } from '../../../streams/state/memory-state.ts'
import { stateContract } from './state.contract.ts'

stateContract('memory', async () => {
  const state = openMemoryState()
  return { state, table: async store => state.table(store) }
})
