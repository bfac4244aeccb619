import { createMemoryLog } from '../../../streams/log/memory.ts'
import { logContract } from './log.contract.ts'

logContract('memory', () => createMemoryLog())
