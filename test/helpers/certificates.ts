import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../../scripts/services/processes.ts'
import { findProgram, requireProgram } from '../../scripts/services/programs.ts'

export interface Certificates {
  /** The authority that signed the server's certificate. */
  readonly ca: string
  /** Another one, which signed nothing. */
  readonly otherCa: string
  /** Of 127.0.0.1, and of no other name. */
  readonly certificate: string
  readonly key: string
  /** Key and certificate in one file. */
  readonly keyAndCertificate: string
}

/** Made with openssl, valid for a day. */
export async function makeCertificates (directory: string): Promise<Certificates> {
  const file = (name: string): string => join(directory, name)
  const program = await requireProgram(() => findProgram('openssl'), 'OpenSSL', 'openssl')
  const openssl = async (...args: string[]): Promise<void> => { await run(program, args, { cwd: directory }) }
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  for (const name of ['ca', 'other-ca']) await openssl('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '1', '-subj', `/CN=millrace test ${name}`)
  await openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=127.0.0.1')
  writeFileSync(file('server.ext'), 'subjectAltName=IP:127.0.0.1\n')
  await openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'server.pem', '-days', '1', '-extfile', 'server.ext')
  writeFileSync(file('server-both.pem'), readFileSync(file('server.key'), 'utf8') + readFileSync(file('server.pem'), 'utf8'))
  for (const name of ['server.key', 'server-both.pem']) chmodSync(file(name), 0o600)
  return { ca: file('ca.pem'), otherCa: file('other-ca.pem'), certificate: file('server.pem'), key: file('server.key'), keyAndCertificate: file('server-both.pem') }
}
