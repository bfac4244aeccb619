import { createHash, type Hash } from 'node:crypto'

type Algorithm = 'sha256' | 'md5'

/** What a body has to hash to, as its sender says. */
export interface BodyDigest {
  readonly algorithm: Algorithm
  /** Base64. */
  readonly value: string
}

type HeaderOf = (name: string) => string | undefined

/** From the headers that carry it: `Repr-Digest`, `Content-Digest`, the older `Digest`, or `Content-MD5`. Undefined where none does. */
export function readDigest (header: HeaderOf): BodyDigest | undefined {
  for (const name of ['repr-digest', 'content-digest']) {
    const value = /(?:^|[,\s])sha-256=:([A-Za-z0-9+/]{43}=):/.exec(header(name) ?? '')?.[1]
    if (value !== undefined) return { algorithm: 'sha256', value }
  }
  const older = /(?:^|[,\s])sha-256=([A-Za-z0-9+/]{43}=)(?:,|$)/i.exec(header('digest') ?? '')?.[1]
  if (older !== undefined) return { algorithm: 'sha256', value: older }
  const md5 = /^[A-Za-z0-9+/]{22}==$/.exec(header('content-md5')?.trim() ?? '')?.[0]
  return md5 === undefined ? undefined : { algorithm: 'md5', value: md5 }
}

/** For a digest that is not SHA-256, which is computed anyway. */
export function hashFor (digest: BodyDigest | undefined): Hash | undefined {
  return digest === undefined || digest.algorithm === 'sha256' ? undefined : createHash(digest.algorithm)
}
