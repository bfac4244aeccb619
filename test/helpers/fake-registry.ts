import { once } from 'node:events'
import { createServer } from 'node:http'
import type { TestContext } from 'node:test'

export interface RegisteredSchema {
  readonly schema: string
  /** Avro where it is left out, as in the real one's answers. */
  readonly schemaType?: 'PROTOBUF' | 'JSON'
}

export interface FakeRegistry {
  readonly url: string
  /** What was asked for, in order. */
  readonly asked: string[]
  /** Answers every question with this status until it is undefined again. */
  status: number | undefined
}

export interface FakeRegistryOptions {
  readonly schemas: Readonly<Record<number, RegisteredSchema>>
  /** The id of the latest schema of each. */
  readonly subjects: Readonly<Record<string, number>>
  /** The only header of authorization that is let in. */
  readonly authorization?: string
}

/** What Confluent's schema registry answers over HTTP to those who read from it. */
export async function startFakeRegistry (t: TestContext, { schemas, subjects, authorization }: FakeRegistryOptions): Promise<FakeRegistry> {
  const server = createServer(({ url = '', headers }, response) => {
    registry.asked.push(url)
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' }).end(JSON.stringify(body))
    }
    if (registry.status !== undefined) return answer(registry.status, { error_code: registry.status * 100, message: 'as the test wants it' })
    if (authorization !== headers.authorization) return answer(401, { error_code: 401, message: 'Unauthorized' })
    const subject = /^\/subjects\/([^/]+)\/versions\/latest$/.exec(url)?.[1]
    if (subject !== undefined) {
      const id = subjects[decodeURIComponent(subject)]
      return id === undefined ? answer(404, { error_code: 40401, message: 'Subject not found' }) : answer(200, { subject, version: 1, id, ...schemas[id] })
    }
    const schema = schemas[Number(/^\/schemas\/ids\/(\d+)$/.exec(url)?.[1])]
    return schema === undefined ? answer(404, { error_code: 40403, message: 'Schema not found' }) : answer(200, schema)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  const registry: FakeRegistry = { url: `http://127.0.0.1:${address.port}`, asked: [], status: undefined }
  return registry
}
