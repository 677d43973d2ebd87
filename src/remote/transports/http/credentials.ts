// Tokens for servers: from the variable VARVE_TOKEN, or from a file of the user's that nobody else may read. A token
// belongs to one host and port; it is sent there and nowhere else, and never in the clear to another machine.
//
//   # ~/.config/varve/credentials, mode 0600: HOST[:PORT] TOKEN
//   data.example.org varve_0123456789abcdef_…
import fs from 'node:fs'
import path from 'node:path'
import { VarveError } from '../../../base/errors.ts'
import { readFailure } from '../../../base/system-error.ts'
import { isMissing } from '../../../store/disk/files.ts'

type Environment = Readonly<Record<string, string | undefined>>

const fileBytesMax = 1 << 20
const tokenPattern = /^[A-Za-z0-9._~+/=-]{8,1000}$/

/** The token for an origin; null when there is none. @throws VarveError VARVE_REFUSED */
export function tokenFor(origin: string, environment: Environment): string | null {
  const { host, protocol, hostname } = new URL(origin)
  const token = fromVariable(host, environment) ?? fromFile(host, environment)
  if (token === null) return null
  if (!tokenPattern.test(token)) {
    throw new VarveError('VARVE_REFUSED', `the token for '${host}' is malformed`, {
      hint: "give it as 'varve token create' has printed it",
    })
  }
  if (protocol === 'https:' || isLoopback(hostname) || environment['VARVE_PLAIN_HTTP'] === '1') return token
  throw new VarveError('VARVE_REFUSED', `a token is not sent to '${origin}' in the clear`, {
    data: { origin },
    hint: 'use https://, or set VARVE_PLAIN_HTTP=1 where nobody can listen on the way',
  })
}

/** VARVE_TOKEN_HOST says whose VARVE_TOKEN is; without it, it is for the remote that is talked to. */
function fromVariable(host: string, environment: Environment): string | null {
  const token = environment['VARVE_TOKEN']?.trim()
  if (token === undefined || token === '') return null
  const whose = environment['VARVE_TOKEN_HOST']
  return whose === undefined || whose === '' || whose === host ? token : null
}

function fromFile(host: string, environment: Environment): string | null {
  const file = credentialsFile(environment)
  if (file === null) return null
  let text: string
  try {
    const stat = fs.statSync(file)
    if (process.platform !== 'win32' && (stat.mode & 0o077) !== 0) throw readable(file)
    if (stat.size > fileBytesMax)
      throw new VarveError('VARVE_REFUSED', `'${file}' is too large for a file of tokens`, {
        hint: "it has a line for each host: 'HOST TOKEN'",
      })
    text = fs.readFileSync(file, 'utf8')
  } catch (cause) {
    if (isMissing(cause)) return null
    throw cause instanceof VarveError
      ? cause
      : readFailure(cause, `cannot read your tokens in '${file}'`, { path: file })
  }
  for (const line of text.split('\n')) {
    const [, name, token] = /^([^#\s]\S*)\s+(\S+)\s*$/.exec(line) ?? []
    if (name?.toLowerCase() === host.toLowerCase()) return token!
  }
  return null
}

function credentialsFile(environment: Environment): string | null {
  const named = environment['VARVE_CREDENTIALS']
  if (named !== undefined && named !== '') return named
  const config =
    environment['XDG_CONFIG_HOME'] || (environment['HOME'] && path.join(environment['HOME'], '.config'))
  return config ? path.join(config, 'varve', 'credentials') : null
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

function readable(file: string): VarveError {
  return new VarveError('VARVE_REFUSED', `'${file}' can be read by others`, {
    data: { path: file },
    hint: `run 'chmod 600 ${file}'`,
  })
}
