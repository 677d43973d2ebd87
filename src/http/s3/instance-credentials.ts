// The credentials of a machine in Amazon's cloud, from its metadata service (IMDS, version 2 alone: a session token is
// asked for first, which a request that was tricked out of us could not do). The last place that is looked at: elsewhere
// nobody answers, which is waited for a second.
import { VarveError } from '../../base/errors.ts'
import { utf8Text } from '../../base/bytes.ts'
import { HttpClient } from '../client.ts'
import { type Credentials, credentialsFrom } from './credential-sources.ts'
import { type Environment, value } from './settings.ts'

const serviceDefault = 'http://169.254.169.254'
const waitMs = 1000
const answerBytesMax = 64 << 10
const sessionSeconds = 21_600
const rolesPath = '/latest/meta-data/iam/security-credentials/'

/** null: this is no such machine, or it has no role. @throws VarveError VARVE_REFUSED when its answer is unusable */
export async function instanceCredentials(environment: Environment): Promise<Credentials | null> {
  if (environment['AWS_EC2_METADATA_DISABLED']?.toLowerCase() === 'true') return null
  const address = value(environment['AWS_EC2_METADATA_SERVICE_ENDPOINT']) ?? serviceDefault
  if (!URL.canParse(address)) throw unusable(new Error('AWS_EC2_METADATA_SERVICE_ENDPOINT is not a URL'))
  const client = new HttpClient(new URL(address).origin)
  try {
    const session = await sessionOf(client)
    if (session === null) return null
    const headers = { 'x-aws-ec2-metadata-token': session }
    const read = async (path: string): Promise<string | null> => {
      const answer = await client.send({
        method: 'GET',
        path,
        headers,
        bytesMax: answerBytesMax,
        expected: [404],
      })
      return answer.status === 404 ? null : utf8Text(answer.body)
    }
    const role = (await read(rolesPath))?.split('\n')[0]?.trim() ?? ''
    if (role === '') return null
    if (!/^[\w+=,.@-]{1,128}$/.test(role)) throw unusable(new Error('the name of its role is none'))
    const text = await read(rolesPath + role)
    if (text === null) return null
    return credentialsFrom(text, `the role '${role}' of this machine`, unusable)
  } finally {
    await client.close()
  }
}

/** A session of the metadata service; null when nobody answers, or something other than that service does. */
async function sessionOf(client: HttpClient): Promise<string | null> {
  try {
    const answer = await client.send({
      method: 'PUT',
      path: '/latest/api/token',
      headers: { 'x-aws-ec2-metadata-token-ttl-seconds': String(sessionSeconds) },
      bytesMax: answerBytesMax,
      repeatable: false,
      signal: AbortSignal.timeout(waitMs),
    })
    const session = utf8Text(answer.body).trim()
    return /^[\x21-\x7e]{1,4096}$/.test(session) ? session : null
  } catch {
    return null
  }
}

function unusable(cause?: unknown): VarveError {
  return new VarveError('VARVE_REFUSED', "this machine's metadata service gave no AWS credentials", {
    ...(cause === undefined ? {} : { cause }),
    hint: 'AWS_EC2_METADATA_DISABLED=true keeps it from being asked',
  })
}
