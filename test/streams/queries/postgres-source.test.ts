import { after } from 'node:test'
import { openPglite } from '../../../streams/state/pglite.ts'
import { openQueriedWorldOn } from '../../helpers/queried-world.ts'
import { storeQueriesContract } from './store-queries.contract.ts'

// One for all: making it takes longer than the tests. Each has an application id of its own.
const database = await openPglite()
let worlds = 0

after(async () => await database.close())

storeQueriesContract('PGlite', async t => await openQueriedWorldOn(t, database, `queried-${++worlds}`))
