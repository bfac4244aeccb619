interface KeyServer {
  readonly scanStream: (options: { match: string, count: number }) => AsyncIterable<unknown>
}

/** What of an ioredis client it takes to find keys: one server, or a cluster, where each master has keys of its own. */
export type KeySpace = KeyServer | { readonly nodes: (role: 'master') => readonly KeyServer[] }

/** Every key that matches, from all masters, in groups that share a hash tag: a command may name keys of one slot only. */
export async function * keysMatching (redis: KeySpace, match: string): AsyncGenerator<readonly [hashTag: string, keys: string[]]> {
  for (const server of 'nodes' in redis ? redis.nodes('master') : [redis]) {
    for await (const page of server.scanStream({ match, count: 1000 })) {
      if (Array.isArray(page)) yield * Map.groupBy(page.map(String), hashTagOf)
    }
  }
}

function hashTagOf (key: string): string {
  return key.slice(0, key.indexOf('}') + 1)
}
