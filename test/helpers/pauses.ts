import type { TestContext } from 'node:test'
import { Client } from 'pg'
import type { FaultWorld } from './faults.ts'

export interface Pauses {
  /** Ends the watch: the longest time in which a partition's position stood still. */
  readonly longestMs: () => Promise<number>
  /** Who holds which task, as the position rows say. */
  readonly owners: () => Promise<Readonly<Record<string, string>>>
}

/** Looks at the positions all the time. A task's partition has work as long as the feed gives every partition some. */
export async function watchPauses (t: Pick<TestContext, 'after'>, { services, applicationId }: Pick<FaultWorld, 'services' | 'applicationId'>): Promise<Pauses> {
  const client = new Client({ connectionString: services.postgres })
  await client.connect()
  const tasks = `"${applicationId}".millrace_tasks`
  const movedAt = new Map<string, { readonly offsets: string, readonly at: number }>()
  let longest = 0
  const ended = new AbortController()
  const look = async (): Promise<void> => {
    const { rows } = await client.query<{ task: string, offsets: string }>(`select sub_topology || '/' || partition as task, offsets::text from ${tasks}`)
    const now = performance.now()
    for (const { task, offsets } of rows) {
      const before = movedAt.get(task)
      if (before !== undefined) longest = Math.max(longest, now - before.at)
      if (before?.offsets !== offsets) movedAt.set(task, { offsets, at: now })
    }
  }
  const watched = (async () => {
    while (!ended.signal.aborted) {
      await look()
      await new Promise(resolve => setTimeout(resolve, 25))
    }
  })()
  // Who asks for the result is told; a test that ends before has failed of something else.
  watched.catch(() => {})
  t.after(async () => {
    ended.abort()
    await client.end()
  })
  return {
    async longestMs () {
      ended.abort()
      await watched
      return longest
    },
    async owners () {
      const { rows } = await client.query<{ task: string, owner: string }>(`select sub_topology || '/' || partition as task, owner from ${tasks} order by 1`)
      return Object.fromEntries(rows.map(({ task, owner }) => [task, owner]))
    }
  }
}
