// Credentials as AWS's tools find them: variables, the profile in the credentials file, in the config file, a program
// that the profile names ('credential_process'), a container's local service. None found: requests go unsigned, which
// public buckets answer. What is found stays in this object: it is in no message, and errors say only where it is from.
import { VarveError } from '../../../base/errors.ts'
import { type Credentials, containerCredentials, processCredentials } from './credential-sources.ts'
import { type S3Settings, value } from './settings.ts'

/** Renewed when it would run out within this time. */
const renewMs = 120_000

export class CredentialChain {
  readonly #settings: S3Settings
  #found: Promise<Credentials | null> | null = null

  constructor(settings: S3Settings) {
    this.#settings = settings
  }

  /** @throws VarveError VARVE_REFUSED where a source is named and gives none */
  async current(): Promise<Credentials | null> {
    for (let turn = 0; ; turn++) {
      const asked = (this.#found ??= find(this.#settings))
      const found = await asked.catch((error: unknown) => {
        if (this.#found === asked) this.#found = null
        throw error
      })
      const lastsMs = found?.expiresMs === undefined ? Infinity : found.expiresMs - Date.now()
      if (lastsMs > renewMs || turn > 0) return found
      if (this.#found === asked) this.#found = null
    }
  }
}

async function find(settings: S3Settings): Promise<Credentials | null> {
  const { environment, config, credentials, profile } = settings
  const named = fromEnvironment(settings)
  if (named !== null) return named
  if (settings.isProfileNamed && config === undefined && credentials === undefined) {
    throw new VarveError('VARVE_REFUSED', `no AWS profile '${profile}'`, {
      data: { profile },
      hint: 'AWS_PROFILE names it; it must be in ~/.aws/config or ~/.aws/credentials',
    })
  }
  for (const [section, file] of [
    [credentials, 'credentials'],
    [config, 'config'],
  ] as const) {
    const id = value(section?.get('aws_access_key_id'))
    const secret = value(section?.get('aws_secret_access_key'))
    const token = value(section?.get('aws_session_token'))
    // A role is assumed with these keys as its source: they are not the profile's own.
    if (id === null || secret === null || config?.has('role_arn') === true) continue
    return {
      id,
      secret,
      ...(token === null ? {} : { token }),
      source: `profile '${profile}' in the ${file} file`,
    }
  }
  const program = value(config?.get('credential_process')) ?? value(credentials?.get('credential_process'))
  if (program !== null) return processCredentials(program, environment)
  const unknown = [...(config?.keys() ?? [])].find((key) =>
    /^(role_arn|sso_|web_identity_token_file)/.test(key),
  )
  if (unknown !== undefined) throw unsupported(profile, unknown)
  const full = value(environment['AWS_CONTAINER_CREDENTIALS_FULL_URI'])
  const relative = value(environment['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'])
  if (full !== null || relative !== null)
    return containerCredentials(full ?? `http://169.254.170.2${relative ?? ''}`, environment)
  if (value(environment['AWS_WEB_IDENTITY_TOKEN_FILE']) !== null)
    throw unsupported(profile, 'AWS_WEB_IDENTITY_TOKEN_FILE')
  return null
}

function fromEnvironment({ environment }: S3Settings): Credentials | null {
  const id = value(environment['AWS_ACCESS_KEY_ID'])
  const secret = value(environment['AWS_SECRET_ACCESS_KEY'])
  if (id === null && secret === null) return null
  if (id === null || secret === null) {
    const missing = id === null ? 'AWS_ACCESS_KEY_ID' : 'AWS_SECRET_ACCESS_KEY'
    throw new VarveError('VARVE_REFUSED', `half of the AWS credentials is missing: ${missing} is not set`, {
      hint: 'set both variables, or neither',
    })
  }
  const token = value(environment['AWS_SESSION_TOKEN'])
  return { id, secret, ...(token === null ? {} : { token }), source: 'AWS_ACCESS_KEY_ID' }
}

function unsupported(profile: string, setting: string): VarveError {
  return new VarveError(
    'VARVE_REFUSED',
    `AWS profile '${profile}' gets its credentials by '${setting}', which is not supported`,
    {
      data: { profile, setting },
      hint: `let AWS's tool get them: credential_process = aws configure export-credentials --profile ${profile} --format process`,
    },
  )
}
