import ipaddr from 'ipaddr.js'

/** Everything that IPv6 gives out for the public Internet. Beyond it lies, for instance, the old way to write an IPv4 address as one of IPv6. */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Whether an IP address belongs to the public Internet. Everything set aside does not: private, loopback, link-local, unique-local, shared
 * (CGNAT), multicast, documentation, and what wraps an IPv4 address; a mapped one (`::ffff:…`) is what it maps to.
 */
export function isPublicAddress (address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  return parsed.range() === 'unicast' && (parsed instanceof ipaddr.IPv4 || parsed.match(GLOBAL_IPV6))
}
