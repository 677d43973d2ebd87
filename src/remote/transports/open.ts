// All kinds of remotes, by URL. What a kind needs (a signer, an HTTP client, a child process) is loaded when a URL of
// it is opened, so that a command which talks to nobody pays for none of it.
import path from 'node:path'
import { VarveError } from '../../base/errors.ts'
import type { Store } from '../../store/interface.ts'
import { Copies } from '../copies.ts'
import type { OpenRemoteOptions, ProbeFinding, Source, Transport } from '../interface.ts'
import { checkRemoteUrl } from '../remotes.ts'
import { fileTransport } from './file.ts'
import { isSshUrl } from './ssh/place.ts'

const scheme = /^([a-z][a-z0-9+.-]+):\/\//i

const httpTransport: Transport = {
  name: 'a server: http(s)://HOST/PATH',
  accepts: (url) => /^https?:\/\//i.test(url),
  isLocal: () => false,
  open: async (url, options) => (await import('./http/transport.ts')).openHttp(url, options),
}

const sshTransport: Transport = {
  name: 'a folder by ssh: ssh://[USER@]HOST/PATH or [USER@]HOST:PATH',
  accepts: isSshUrl,
  isLocal: () => false,
  open: async (url, options) => (await import('./ssh/transport.ts')).openSsh(url, options),
}

const gitTransport: Transport = {
  name: 'a Git host: git+https://, git+ssh:// or git+file://',
  accepts: (url) => /^git\+(https?|ssh|file):\/\//i.test(url),
  isLocal: () => false,
  open: async (url, options) => (await import('./git/store.ts')).openGitStore(url, options),
}

const s3Transport: Transport = {
  name: 'an S3-compatible object store: s3://BUCKET/PREFIX',
  accepts: (url) => /^s3:\/\//i.test(url),
  isLocal: () => false,
  open: async (url, options) => (await import('./s3/transport.ts')).openS3(url, options),
  probe: async (url, options) => (await import('./s3/transport.ts')).probeS3(url, options),
}

/** The first that accepts a URL opens it. */
const transports: readonly Transport[] = [
  fileTransport,
  httpTransport,
  sshTransport,
  gitTransport,
  s3Transport,
]

/** @throws VarveError VARVE_UNREACHABLE, VARVE_UNSUPPORTED_FORMAT, VARVE_CORRUPT */
export async function openRemote(url: string, options: OpenRemoteOptions = {}): Promise<Store> {
  return transportOf(url).open(url, options)
}

/** Tries out a remote's conditional writes; null for kinds of remotes that do not need them. */
export async function probeRemote(url: string, options: OpenRemoteOptions): Promise<ProbeFinding | null> {
  return (await transportOf(url).probe?.(url, options)) ?? null
}

/** What a remote's addresses open together: the first, with the others as its copies (copies.ts). */
export async function openSource(
  urls: readonly string[],
  options: OpenRemoteOptions,
  warn: (message: string) => void,
): Promise<Source> {
  if (urls.length === 1) return openRemote(urls[0]!, options)
  return new Copies(
    urls.map((url) => ({ url, open: () => openRemote(url, options) })),
    warn,
  )
}

/** Whether it is a folder that this machine sees: links in its objects cost no round trip. */
export function isLocalFolder(url: string): boolean {
  return transportOf(url) === fileTransport
}

/** Whether somebody may be asked for a password on the terminal: by ssh, or by Git and its helpers. */
export function mayPromptForPassword(url: string): boolean {
  const transport = transports.find((candidate) => candidate.accepts(url))
  return transport === sshTransport || (transport === gitTransport && !/^git\+file:/i.test(url))
}

/** Relative paths made absolute, so that a remote that is written down is found from everywhere. */
export function absoluteUrl(url: string, base: string): string {
  return transportOf(url).isLocal(url) ? path.resolve(base, url) : url
}

function transportOf(url: string): Transport {
  checkRemoteUrl(url)
  const transport = transports.find((candidate) => candidate.accepts(url))
  if (transport !== undefined) return transport
  const kind = scheme.exec(url)?.[1] ?? 'ssh'
  const names = transports.map(({ name }) => name)
  throw new VarveError('VARVE_UNREACHABLE', `remotes over '${kind}' are not supported`, {
    data: { url, supported: names },
    hint: `supported: ${names.join(', ')}`,
  })
}
