import { lookup as resolve, type LookupAddress, type LookupAllOptions, type LookupOptions } from 'node:dns'
import { isIP } from 'node:net'
import { WorkError } from './work-error.ts'
import { isPublicAddress } from './public-address.ts'

export interface UrlPolicyOptions {
  /** Host names, or `*.example.com` for all below it; empty: all hosts. */
  readonly allowedHosts: readonly string[]
  readonly allowHttp: boolean
  /** Also addresses that are not of the public Internet. */
  readonly allowPrivate: boolean
  /** Instead of the system's; for tests. */
  readonly resolveHost?: ResolveHost
}

export type ResolveHost = (hostname: string, options: LookupAllOptions, answer: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void) => void

type LookupAnswer = (error: Error | null, address: string | LookupAddress[], family?: number) => void

/** Which addresses files may be fetched from. */
export interface UrlPolicy {
  /** The URL, if it may be asked; throws a permanent `WorkError` that says why not. */
  readonly check: (url: string) => URL
  /** For the connection: resolves a name, and fails unless all its addresses are allowed. What it answers is what is connected to, so nobody can change it in between. */
  readonly lookup: (hostname: string, options: LookupOptions, answer: LookupAnswer) => void
}

export function createUrlPolicy ({ allowedHosts, allowHttp, allowPrivate, resolveHost = resolve }: UrlPolicyOptions): UrlPolicy {
  const isAllowedHost = hostRule(allowedHosts)
  const isAllowedAddress = (address: string): boolean => allowPrivate || isPublicAddress(address)

  function check (text: string): URL {
    const url = URL.parse(text)
    if (url === null) throw refused('the address is no URL')
    if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(`the scheme is ${url.protocol}//, wanted https://`)
    if (url.protocol === 'http:' && !allowHttp) throw refused(`http://${url.hostname} is not encrypted, wanted https://`)
    const host = bareHost(url.hostname)
    if (!isAllowedHost(host)) throw refused(`host ${host} is not among the allowed ones`)
    // A connection to a literal address asks no resolver.
    if (isIP(host) !== 0 && !isAllowedAddress(host)) throw refused(privateMessage(host, host))
    return url
  }

  function lookup (hostname: string, options: LookupOptions, answer: LookupAnswer): void {
    resolveHost(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return answer(error, [])
      const forbidden = addresses.find(({ address }) => !isAllowedAddress(address))
      if (forbidden !== undefined) return answer(refused(privateMessage(hostname, forbidden.address)), [])
      if (options.all === true) return answer(null, addresses)
      const [first] = addresses
      if (first === undefined) return answer(new WorkError(`Host ${hostname} has no address.`, { errorClass: 'unknown' }), [])
      answer(null, first.address, first.family)
    })
  }

  return { check, lookup }
}

function hostRule (allowed: readonly string[]): (host: string) => boolean {
  if (allowed.length === 0) return () => true
  const names = new Set(allowed.filter(host => !host.startsWith('*.')).map(asHost))
  const endings = allowed.filter(host => host.startsWith('*.')).map(host => `.${asHost(host.slice(2))}`)
  return host => names.has(host) || endings.some(ending => host.endsWith(ending))
}

/** As a URL would have it: in lower case, and names of other scripts in ASCII. */
function asHost (name: string): string {
  return bareHost(URL.parse(`https://${name}`)?.hostname ?? name.toLowerCase())
}

/** Without the brackets of IPv6, and without the dot at the end that means nothing. */
function bareHost (hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
}

function privateMessage (host: string, address: string): string {
  return host === address ? `${address} is no address of the public Internet` : `host ${host} has the address ${address}, which is none of the public Internet`
}

function refused (reason: string): WorkError {
  return new WorkError(`Refused by the URL policy: ${reason}.`, { errorClass: 'permanent' })
}
