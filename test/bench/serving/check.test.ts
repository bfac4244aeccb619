import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test, type TestContext } from 'node:test'
import { findDifference } from '../../../bench/serving/check.ts'

/** Answers each user with the items that are made of its address; `name` is also what it logs. */
async function serve (t: TestContext, name: string, itemsFor: (url: string) => readonly string[]): Promise<Parameters<typeof findDifference>[0][number]> {
  const server = createServer(({ url = '' }, response) => response.end(JSON.stringify({ items: itemsFor(url) }))).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => { server.close() })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port was given.')
  return { name, origin: `http://127.0.0.1:${address.port}`, process: { output: () => `log of ${name}` } }
}

test('servers that answer every user alike do not differ', async t => {
  const servers = [await serve(t, 'one', url => [url, 'b']), await serve(t, 'other', url => [url, 'b'])]

  assert.equal(await findDifference(servers, { users: 1_000, k: 2 }), undefined)
})

test('one that orders the items otherwise for some users is found, with what it answers', async t => {
  const servers = [await serve(t, 'one', () => ['a', 'b']), await serve(t, 'other', url => url.includes('7&') ? ['b', 'a'] : ['a', 'b'])]

  assert.match(await findDifference(servers, { users: 1_000, k: 2 }) ?? '', /^user-\d*7: one answers \["a","b"\] and other \["b","a"\]; the last it said: log of other$/)
})
