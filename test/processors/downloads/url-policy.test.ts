import { deepEqual, equal, throws } from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { createUrlPolicy, type ResolveHost, type UrlPolicyOptions } from '../../../processors/downloads/url-policy.ts'
import { WorkError } from '../../../processors/downloads/work-error.ts'

const policy = (options: Partial<UrlPolicyOptions> = {}) => createUrlPolicy({ allowedHosts: [], allowHttp: false, allowPrivate: false, ...options })

function isRefused (error: unknown): boolean {
  return error instanceof WorkError && error.errorClass === 'permanent' && error.message.startsWith('Refused by the URL policy: ')
}

void test('only https, and http where it is allowed', () => {
  equal(policy().check('https://example.com/a').href, 'https://example.com/a')
  equal(policy({ allowHttp: true }).check('http://example.com/').protocol, 'http:')
  for (const url of ['http://example.com/', 'file:///etc/passwd', 'ftp://example.com/', 'data:,x', 'javascript:1', 'gopher://example.com/', 'not a url', '']) throws(() => policy().check(url), isRefused, url)
  throws(() => policy({ allowHttp: true }).check('file:///etc/passwd'), isRefused)
})

void test('of allowed hosts a star stands for all names below, however they are written', () => {
  const { check } = policy({ allowedHosts: ['Files.example.com', '*.Example.org', 'münchen.example'] })

  for (const host of ['files.example.com', 'FILES.example.com', 'files.example.com.', 'a.example.org', 'a.b.example.org', 'xn--mnchen-3ya.example', 'files.example.com:8443']) check(`https://${host}/`)
  for (const host of ['example.com', 'a.files.example.com', 'example.org', 'badexample.org', 'example.org.evil.net', 'files.example.com.evil.net']) throws(() => check(`https://${host}/`), isRefused, host)
  throws(() => check('https://files.example.com@evil.net/'), isRefused)
})

void test('addresses outside the public Internet are refused, in whichever way they are written', () => {
  const { check } = policy()

  for (const host of [
    '127.0.0.1', '127.1', '2130706433', '0x7f000001', '017700000001', '10.1.2.3', '172.16.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255',
    '[::1]', '[::]', '[fe80::1]', '[fc00::1]', '[fd12::1]', '[ff02::1]', '[::ffff:127.0.0.1]', '[::ffff:a9fe:a9fe]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '[::127.0.0.1]', '127.0.0.1.'
  ]) throws(() => check(`https://${host}/`), isRefused, host)
  for (const host of ['8.8.8.8', '[2001:4860:4860::8888]', '[::ffff:8.8.8.8]']) check(`https://${host}/`)
  policy({ allowPrivate: true }).check('https://127.0.0.1/')
})

/** Answers with the next list of addresses each time. */
function resolving (...answers: string[][]): ResolveHost {
  return (_hostname, _options, answer) => answer(null, (answers.shift() ?? []).map(address => ({ address, family: address.includes(':') ? 6 : 4 })))
}

async function look (lookup: ReturnType<typeof policy>['lookup'], all: boolean): Promise<unknown> {
  return await new Promise(resolve => lookup('files.example.com', { all }, (error, address) => resolve(error ?? address)))
}

void test('a name is refused if any of its addresses is', async () => {
  equal(isRefused(await look(policy({ resolveHost: resolving(['8.8.8.8', '10.0.0.1']) }).lookup, true)), true)
  equal(isRefused(await look(policy({ resolveHost: resolving(['::ffff:127.0.0.1']) }).lookup, false)), true)
  deepEqual(await look(policy({ resolveHost: resolving(['8.8.8.8', '8.8.4.4']) }).lookup, true), [{ address: '8.8.8.8', family: 4 }, { address: '8.8.4.4', family: 4 }])
  equal(await look(policy({ resolveHost: resolving(['8.8.8.8', '8.8.4.4']) }).lookup, false), '8.8.8.8')
  equal(await look(policy({ allowPrivate: true, resolveHost: resolving(['10.0.0.1']) }).lookup, false), '10.0.0.1')
})

void test('a name without an address is a failure, and one of the resolver is handed on', async () => {
  equal((await look(policy({ resolveHost: resolving([]) }).lookup, false)) instanceof WorkError, true)
  const failed = Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' })
  equal(await look(policy({ resolveHost: (_hostname, _options, answer) => answer(failed, []) }).lookup, true), failed)
})

void test('the address that was checked is the one that is connected to', async t => {
  const server = createServer(socket => socket.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const asked: string[] = []
  const { lookup } = policy({
    allowPrivate: true,
    resolveHost: (hostname, _options, answer) => {
      asked.push(hostname)
      answer(null, [{ address: '127.0.0.1', family: 4 }])
    }
  })

  const socket = connect({ host: 'files.example.com', port, lookup })
  await once(socket, 'connect')

  deepEqual([socket.remoteAddress, asked], ['127.0.0.1', ['files.example.com']])
  socket.destroy()
})
