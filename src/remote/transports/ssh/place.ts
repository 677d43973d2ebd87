// Where an ssh remote lies: 'ssh://[user@]host[:port]/path', or as scp has it '[user@]host:path'. Parts of it become
// arguments of ssh and words of a remote shell, so whatever could be taken for an option or a command is refused.
import { VarveError } from '../../../base/errors.ts'

export interface SshPlace {
  /** 'host' or 'user@host' */
  readonly destination: string
  readonly port: string | null
  /** As the remote shell shall see it, from the user's home where it is relative. */
  readonly path: string
}

const hostPattern = /^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?$|^[0-9A-Fa-f:]+$/
const userPattern = /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/
const urlPattern = /^ssh:\/\/(?:([^@/]*)@)?(\[[^\]]*\]|[^:/]*)(?::(\d*))?(\/.*)$/i
const scpPattern = /^(?:([^@/:]+)@)?(\[[^\]]*\]|[^:/\\@]{2,}):(?!\/\/)(.+)$/

export function isSshUrl(url: string): boolean {
  return /^ssh:\/\//i.test(url) || (!/^[a-z][a-z0-9+.-]*:\/\//i.test(url) && scpPattern.test(url))
}

/** @throws VarveError VARVE_USAGE */
export function sshPlaceOf(url: string): SshPlace {
  const isUrl = /^ssh:\/\//i.test(url)
  const [, user, host, third, fourth] = (isUrl ? urlPattern : scpPattern).exec(url) ?? []
  const [port, path] = isUrl ? [third ?? '', decoded(fourth ?? '', url)] : ['', third ?? '']
  const name = (host ?? '').replaceAll(/[[\]]/g, '')
  const isFit =
    hostPattern.test(name) &&
    (user === undefined || userPattern.test(user)) &&
    (port === '' || (Number(port) > 0 && Number(port) < 65_536)) &&
    path !== ''
  if (!isFit) throw bad(url)
  return {
    destination: user === undefined ? name : `${user}@${name}`,
    port: port === '' ? null : port,
    // As git has it: '/~/x' lies in the user's home.
    path: isUrl ? path.replace(/^\/~\//, '') : path.replace(/^~\//, ''),
  }
}

/** The arguments of ssh, without the program's name. */
export function sshArguments(place: SshPlace, create: 'create' | 'find'): string[] {
  const words = [
    'varve',
    'serve',
    '--stdio',
    ...(create === 'create' ? ['--create'] : []),
    '--',
    quoted(place.path),
  ]
  return [...(place.port === null ? [] : ['-p', place.port]), '--', place.destination, words.join(' ')]
}

/** The text as one word for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function decoded(path: string, url: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw bad(url)
  }
}

function bad(url: string): VarveError {
  return new VarveError(
    'VARVE_USAGE',
    `not the address of an ssh remote: ${JSON.stringify(url.slice(0, 200))}`,
    {
      hint: "write it as 'ssh://user@host/path' or 'user@host:path'",
    },
  )
}
