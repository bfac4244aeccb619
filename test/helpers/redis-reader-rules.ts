import { readFileSync } from 'node:fs'

const USERS = new URL('../../docker/redis-users.acl', import.meta.url)

/** The user that docker compose makes for the API, as its file has it: `user`, a name, and rules. */
export function redisReaderRules (): string[] {
  return (readFileSync(USERS, 'utf8').split('\n').find(line => line.includes('millrace_readonly')) ?? '').split(' ')
}
