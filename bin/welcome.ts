import type { Config } from './config.ts'

/** What `npm start` says: what is running, and three things to try. */
export function welcome ({ config, eventFile }: { readonly config: Config, readonly eventFile: string | undefined }): string {
  const api = `http://${config.HOST}:${config.PORT}`
  const ingest = `http://${config.HOST}:${config.INGEST_PORT}`
  return `
Millrace is running the recommender, all in this process:
  a log in memory with 4 topics, ${eventFile === undefined ? 'fed with lifelike events of 400 users' : `fed from ${eventFile}`}
  a worker that validates each event, counts the new ones once and sends the broken ones to ${config.TOPIC_DLQ}
  Postgres as WebAssembly for the state, and its projection in memory for the answers
  the read API on ${api} (a page to look at; ${api}/docs to try it out) and ingest on ${ingest}

Try:
  curl '${api}/reco?user_id=user-1&session_id=s1&k=5&explain=true'
  curl '${api}/stream/worker'
  curl -X POST ${ingest}/log/watch -H 'content-type: application/json' \\
    -d '{"user_id":"me","session_id":"s1","request_id":"r1","ts_ms":'$(date +%s000)',"item_id":"scifi-lost-eclipse","watch_time_sec":130}' && sleep 1 && \\
    curl '${api}/reco?user_id=me&session_id=s1&k=5'

Ctrl-C stops it.
`
}
