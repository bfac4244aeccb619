import { connect, createServer, type AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** before: the commit never arrives · after: it happens, and its answer is lost · pass: nothing is cut. */
export type Cut = 'before' | 'after' | 'pass'

/** A Postgres behind a network that may break around a commit, as told for each. */
export async function openCuttingProxy (t: TestContext, postgres: string, decide: () => Cut): Promise<{ readonly url: string }> {
  const target = new URL(postgres)
  const server = createServer(client => {
    const database = connect(Number(target.port || 5432), target.hostname)
    let isAnswerLost = false
    const cut = (): void => {
      client.destroy()
      database.destroy()
    }
    client.on('data', sent => {
      const fate = sent.includes('commit\0') ? decide() : 'pass'
      if (fate === 'before') return cut()
      isAnswerLost ||= fate === 'after'
      database.write(sent)
    })
    database.on('data', answer => {
      if (isAnswerLost) cut()
      else client.write(answer)
    })
    for (const socket of [client, database]) socket.on('error', cut).on('close', cut)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => { server.close() })
  const url = new URL(target)
  url.hostname = '127.0.0.1'
  // A server on a port, not on a path: that is what the address of one is.
  url.port = String((server.address() as AddressInfo).port)
  return { url: url.href }
}
