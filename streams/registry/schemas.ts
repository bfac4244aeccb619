import { ConfluentSchemaRegistry, GenericError } from '@platformatic/kafka'
import { FatalError, messageOf } from '../errors.ts'

/** A schema as the client has compiled it. */
export type CompiledSchema = NonNullable<ReturnType<ConfluentSchemaRegistry['get']>>

export interface SchemaRegistryOptions {
  /** Without a slash at its end: `http://localhost:8081`. */
  readonly url: string
  readonly auth?: { readonly username: string, readonly password: string } | { readonly token: string }
}

/** What is known of a registry. Loading is asynchronous and may be repeated; asking is not. */
export class Schemas {
  readonly #url: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #client: ConfluentSchemaRegistry
  readonly #absent = new Set<number>()
  readonly #latest = new Map<string, number>()

  constructor ({ url, auth }: SchemaRegistryOptions) {
    this.#url = url
    this.#headers = auth === undefined ? {} : { authorization: authorization(auth) }
    // Who loads waits and tries again by rules of his own. Java's generators write keywords into JSON Schemas that Ajv does not know.
    this.#client = new ConfluentSchemaRegistry({ url, headers: this.#headers, retries: 0, jsonAjvOptions: { strict: false } })
  }

  get (id: number): CompiledSchema | undefined {
    return this.#client.get(id)
  }

  /** Whether the registry said that it has no such schema. It is not asked again: else one broken record would hold up its partition. */
  isAbsent (id: number): boolean {
    return this.#absent.has(id)
  }

  latest (subject: string): number | undefined {
    return this.#latest.get(subject)
  }

  async load (id: number): Promise<void> {
    if (this.#absent.has(id) || this.#client.get(id) !== undefined) return
    try {
      await new Promise<void>((resolve, reject) => {
        void this.#client.fetchSchema(id, error => error === undefined || error === null ? resolve() : reject(error))
      })
    } catch (error) {
      const status = statusOf(error)
      if (status === 404) this.#absent.add(id)
      else throw this.#failure(`Schema ${id}`, status, error)
    }
    if (!this.#absent.has(id) && this.#client.get(id) === undefined) throw new FatalError(`Schema ${id} of ${this.#url} is neither Avro nor Protobuf nor JSON Schema.`)
  }

  /** The subject's latest schema as of now; it stays the one that is written with until the process ends. */
  async loadLatest (subject: string): Promise<void> {
    if (this.#latest.has(subject)) return
    const what = `The latest schema of subject '${subject}'`
    const response = await this.#fetch(`/subjects/${encodeURIComponent(subject)}/versions/latest`, what)
    if (response.status === 404) throw new FatalError(`The registry at ${this.#url} has no subject '${subject}': register its schema first.`)
    if (!response.ok) throw this.#failure(what, response.status, new Error(`HTTP ${response.status}`))
    const id = idIn(await response.json())
    if (id === undefined) throw new FatalError(`${what} has no id: ${this.#url} is no schema registry.`)
    await this.load(id)
    this.#latest.set(subject, id)
  }

  async #fetch (path: string, what: string): Promise<Response> {
    try {
      return await fetch(this.#url + path, { headers: this.#headers, signal: AbortSignal.timeout(timeoutMs) })
    } catch (error) {
      throw this.#failure(what, undefined, error)
    }
  }

  /** 4xx but for "too many" is refused for good, and so is a schema that does not compile; all else may be better later. */
  #failure (what: string, status: number | undefined, cause: unknown): Error {
    const forGood = status === undefined ? !isOutage(cause) : status < 500 && status !== 408 && status !== 429
    const message = `${what} could not be loaded from ${this.#url}: ${messageOf(cause)}`
    return forGood ? new FatalError(message, { cause }) : new Error(message, { cause })
  }
}

const timeoutMs = 5_000

function authorization (auth: NonNullable<SchemaRegistryOptions['auth']>): string {
  return 'token' in auth ? `Bearer ${auth.token}` : `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`
}

/** The client tells the status only in its words. */
function statusOf (error: unknown): number | undefined {
  const status = /\[HTTP (\d{3})\]/.exec(messageOf(error))?.[1]
  return status === undefined ? undefined : Number(status)
}

/** Errors of the client are of the network; what comes from `fetch` itself is a TypeError or a DOMException. */
function isOutage (error: unknown): boolean {
  return error instanceof GenericError || error instanceof TypeError || error instanceof DOMException
}

function idIn (body: unknown): number | undefined {
  return typeof body === 'object' && body !== null && 'id' in body && typeof body.id === 'number' ? body.id : undefined
}
