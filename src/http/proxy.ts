// The proxy that the environment names, as curl, Git and AWS's tools read it: HTTPS_PROXY or HTTP_PROXY by what is asked
// for, ALL_PROXY for both, small letters first; NO_PROXY lists hosts that are reached without. This computer itself is never
// reached through one, as Go has it: whoever asks for localhost means this one. A name and password in the variable are
// for the proxy alone, and no message repeats them.
import { Pool, ProxyAgent, type buildConnector } from 'undici'
import { VarveError } from '../base/errors.ts'

export interface Proxy {
  /** 'http://gateway:3128', without a name or password. */
  readonly origin: string
  /** Value of the header Proxy-Authorization. */
  readonly credentials: string | null
}

type Environment = Readonly<Record<string, string | undefined>>

const loopback = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * The proxy for an origin; null when there is none. @throws VarveError VARVE_REFUSED for a variable that cannot be
 * used
 */
export function proxyFor(origin: string, environment: Environment): Proxy | null {
  const { protocol, hostname, port } = new URL(origin)
  if (loopback.test(hostname)) return null
  const names = [protocol === 'https:' ? 'https_proxy' : 'http_proxy', 'all_proxy']
  const name = names.flatMap((one) => [one, one.toUpperCase()]).find((one) => (environment[one] ?? '') !== '')
  if (name === undefined) return null
  const listed = environment['no_proxy'] ?? environment['NO_PROXY'] ?? ''
  if (isListed(listed, hostname, port || (protocol === 'https:' ? '443' : '80'))) return null
  return parse(name, environment[name]!.trim())
}

/** 'example.org' and '.example.org' are the host and all below it; ':8080' behind it means that port only; '*' is all. */
function isListed(list: string, hostname: string, port: string): boolean {
  return list.split(/[,\s]+/).some((entry) => {
    const [, host = entry, only = port] = /^(.+?):(\d+)$/.exec(entry) ?? []
    const bare = host.replace(/^\*?\./, '').toLowerCase()
    if (host === '*') return true
    return bare !== '' && only === port && (hostname === bare || hostname.endsWith(`.${bare}`))
  })
}

function parse(name: string, text: string): Proxy {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  const url = URL.canParse(full) ? new URL(full) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.hostname === '') {
    // What it says may hold a password.
    throw new VarveError('VARVE_REFUSED', `${name} does not name a proxy that can be used`, {
      data: { variable: name },
      hint: "write it as 'http://HOST:PORT' or 'https://HOST:PORT'; SOCKS is not spoken",
    })
  }
  const words = [url.username, url.password].map(decoded).join(':')
  const credentials = url.username === '' ? null : `Basic ${Buffer.from(words).toString('base64')}`
  return { origin: url.origin, credentials }
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word)
  } catch {
    return word
  }
}

export interface ProxyOptions {
  /** With the server behind it. */
  readonly requestTls: buildConnector.BuildOptions
  readonly proxyTls: buildConnector.BuildOptions
  readonly pool: Pool.Options
}

/** TLS goes through a tunnel (CONNECT), so that the proxy sees a host's name and no more; plain HTTP is handed to it. */
export function throughProxy(proxy: Proxy, { requestTls, proxyTls, pool }: ProxyOptions): ProxyAgent {
  return new ProxyAgent({
    ...pool,
    uri: proxy.origin,
    proxyTunnel: false,
    requestTls,
    proxyTls,
    clientFactory: (origin, options) => new Pool(origin, { ...pool, ...options }),
    factory: (origin, options) => new Pool(origin, { ...pool, ...(options as Pool.Options) }),
    ...(proxy.credentials === null ? {} : { token: proxy.credentials }),
  })
}

/** What a proxy said instead of passing a request on; null when it was something else. */
export function refusalOf(error: unknown, proxy: Proxy): VarveError | null {
  const said = /Proxy (?:response|Authentication Required) \((\d+)\)/.exec(String(error))?.[1]
  if (said === undefined || Number(said) >= 500) return null
  return proxyRefusal(proxy, Number(said))
}

function proxyRefusal({ origin, credentials }: Proxy, status: number): VarveError {
  const wants =
    credentials === null ? 'wants a name and a password' : 'does not accept this name and password'
  return new VarveError(
    'VARVE_REFUSED',
    `the proxy '${origin}' ${status === 407 ? wants : 'does not let this through'} (${status})`,
    {
      data: { proxy: origin, status },
      hint: 'HTTPS_PROXY and HTTP_PROXY name it, as http://NAME:PASSWORD@HOST:PORT; NO_PROXY lists hosts to reach without',
    },
  )
}
