/** An address of IPv4 or IPv6 with or without a port, a host with a port, a socket in the file system. Times and records (`reco_watch-3@17`) are none. */
const ADDRESS = /\[[0-9a-f:.]+\](:\d+)?|\b\d{1,3}(\.\d{1,3}){3}(:\d+)?\b|::1(:\d+)?\b|\b[a-z][a-z0-9.-]*:\d{3,5}\b(?!\d)|\/[\w./-]*\.s\.PGSQL\.\d+/gi

/** The same value with every address in its texts left out: who asks over HTTP need not learn where our services are. */
export function withoutAddresses (value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(ADDRESS, '(address)')
  if (Array.isArray(value)) return value.map(withoutAddresses)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, content]) => [name, withoutAddresses(content)]))
}
