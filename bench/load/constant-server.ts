import { createServer } from 'node:http'
import { itemName } from '../lib/events.ts'

/** Answers everything with the same recommendations: what the load generator measures here is its own noise. */
const answer = JSON.stringify({
  request_id: '0'.repeat(32), items: Array.from({ length: 20 }, (_, rank) => itemName(rank)), model_version: 'rules-v2', strategy: 'co_vis_normalised'
})

const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(answer)
})
server.listen(Number(process.env.PORT), '127.0.0.1')
