/** A URL's host as the system takes it: the brackets of an IPv6 address are the URL's. */
export function bareHost(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}
