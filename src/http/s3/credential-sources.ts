// Credentials that somebody else keeps: a program that the user's own AWS profile names, run without a shell; and the
// local service of a container, asked only where the environment says so and only on addresses that cannot leave the
// machine, unless it is spoken to over TLS. Both answer JSON of the same shape, and both are bounded in time and size.
import { execFile } from 'node:child_process'
import { VarveError } from '../../base/errors.ts'
import { utf8Text } from '../../base/bytes.ts'
import { HttpClient } from '../client.ts'
import { type Environment, value } from './settings.ts'
import { readTokenFile } from './token-file.ts'

export interface Credentials {
  readonly id: string
  readonly secret: string
  readonly token?: string
  readonly expiresMs?: number
  /** For messages: where they are from, never what they are. */
  readonly source: string
}

const programMsMax = 60_000
const answerBytesMax = 64 << 10

/** What it prints to standard error is shown to nobody: it could hold secrets. */
export async function processCredentials(line: string, environment: Environment): Promise<Credentials> {
  const [program, ...words] = wordsOf(line)
  const fail = (cause?: unknown): VarveError =>
    new VarveError('VARVE_REFUSED', `the program '${program ?? ''}' gave no AWS credentials`, {
      ...(cause === undefined ? {} : { cause }),
      hint: "'credential_process' in the AWS config file names it; run it by hand to see what is wrong",
    })
  if (program === undefined) throw fail()
  const text = await new Promise<string>((resolve, reject) => {
    const env = environment as NodeJS.ProcessEnv
    const options = { env, timeout: programMsMax, maxBuffer: answerBytesMax, windowsHide: true }
    execFile(program, words, options, (error, out) => {
      // Node's own message repeats the command line and what was printed.
      if (error === null) resolve(out)
      else
        reject(
          fail(new Error(`it ended with ${error.killed === true ? 'the time limit' : String(error.code)}`)),
        )
    })
  })
  return credentialsFrom(text, `the program '${program}'`, fail)
}

/** Splits a command line into words at blanks, with quotes holding words together. There is no shell. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:"([^"]*)"|'([^']*)'|(\S))+/g)].map(([whole]) => whole.replaceAll(/["']/g, ''))
}

const localHosts = ['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]', 'localhost', '127.0.0.1', '[::1]']

export async function containerCredentials(address: string, environment: Environment): Promise<Credentials> {
  const url = URL.canParse(address) ? new URL(address) : null
  const fail = (cause?: unknown): VarveError =>
    new VarveError('VARVE_REFUSED', 'the container service gave no AWS credentials', {
      ...(cause === undefined ? {} : { cause }),
      hint: 'AWS_CONTAINER_CREDENTIALS_FULL_URI or _RELATIVE_URI names it',
    })
  if (
    url === null ||
    (url.protocol !== 'https:' && !(url.protocol === 'http:' && localHosts.includes(url.hostname)))
  )
    throw fail(new Error('its address is neither local nor https'))
  const file = value(environment['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'])
  const token =
    file === null
      ? value(environment['AWS_CONTAINER_AUTHORIZATION_TOKEN'])
      : readTokenFile(file, 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE')
  const client = new HttpClient(url.origin)
  try {
    const answer = await client.send({
      method: 'GET',
      path: url.pathname + url.search,
      bytesMax: answerBytesMax,
      headers: token === null ? {} : { authorization: token },
    })
    return credentialsFrom(utf8Text(answer.body), 'the container service', fail)
  } finally {
    await client.close()
  }
}

export function credentialsFrom(
  text: string,
  source: string,
  fail: (cause?: unknown) => VarveError,
): Credentials {
  let facts: Record<string, unknown>
  try {
    facts = JSON.parse(text) as Record<string, unknown>
  } catch {
    throw fail(new Error('its answer is not JSON'))
  }
  const { AccessKeyId, SecretAccessKey, SessionToken, Token, Expiration } = facts
  if (typeof AccessKeyId !== 'string' || typeof SecretAccessKey !== 'string')
    throw fail(new Error('its answer lacks a key'))
  const token = SessionToken ?? Token
  const expiresMs = typeof Expiration === 'string' ? Date.parse(Expiration) : Number.NaN
  return {
    id: AccessKeyId,
    secret: SecretAccessKey,
    ...(typeof token === 'string' ? { token } : {}),
    ...(Number.isNaN(expiresMs) ? {} : { expiresMs }),
    source,
  }
}
