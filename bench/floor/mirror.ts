import type { Redis } from 'ioredis'
import type { TextRow } from '../../streams/state/postgres/database.ts'
import type { FeatureChanges, HistoryEntry } from './features.ts'
import type { Written } from './writer.ts'

export interface Mirror {
  readonly take: (written: Written, changes: FeatureChanges) => void
  readonly idle: () => Promise<void>
}

/** Redis after the commits: the newest values of all units that were committed while the last write was under way. No order is kept, nothing is mended. */
export function openMirror (redis: Redis, applicationId: string): Mirror {
  const prefix = `{${applicationId}:0}:floor:`
  const rankings = new Map<string, Map<string, string>>()
  let histories = new Map<string, readonly HistoryEntry[]>()
  let writing: Promise<void> | undefined

  const rank = (name: string, member: string, count: string): void => {
    let ranking = rankings.get(name)
    if (ranking === undefined) rankings.set(name, ranking = new Map())
    ranking.set(member, count)
  }
  const rankAll = (name: string, rows: readonly TextRow[]): void => {
    for (const [member, count] of rows) rank(name, member ?? '', count ?? '0')
  }
  const write = async (): Promise<void> => {
    while (rankings.size > 0 || histories.size > 0) {
      const pipeline = redis.pipeline()
      for (const [name, members] of rankings) pipeline.zadd(prefix + name, ...[...members].flatMap(([member, count]) => [count, member]))
      if (histories.size > 0) pipeline.hset(prefix + 'history', ...[...histories].flatMap(([user, entries]) => [user, JSON.stringify(entries.map(({ item, ts }) => [item, ts]))]))
      rankings.clear()
      histories = new Map()
      await pipeline.exec()
    }
  }
  return {
    take (written, changes) {
      rankAll('popularity', written.popularity)
      rankAll('outgoing', written.outgoing)
      rankAll('incoming', written.incoming)
      for (const [previous, next, count] of written.links) rank(`links:${previous}`, next ?? '', count ?? '0')
      for (const [user, entries] of changes.histories) histories.set(user, entries)
      writing ??= write().finally(() => { writing = undefined })
    },
    idle: async () => await writing
  }
}
