// Credentials as AWS's tools find them: variables, the profile in the credentials file, in the config file, a program
// that the profile names ('credential_process'), a role that the profile or the environment names, a container's local
// service, the machine's own. None found: requests go unsigned, which public buckets answer. What is found stays in
// this object: it is in no message, and errors say only where it is from.
import { VarveError } from '../../base/errors.ts'
import { assumeRole, assumeRoleWithToken } from './assumed-role.ts'
import { type Credentials, containerCredentials, processCredentials } from './credential-sources.ts'
import { instanceCredentials } from './instance-credentials.ts'
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

const sourcesMax = 5

async function find(settings: S3Settings): Promise<Credentials | null> {
  return fromEnvironment(settings) ?? fromProfile(settings, sourcesMax)
}

/** A profile may name another one as its source, which may name another. */
async function fromProfile(settings: S3Settings, sourcesLeft: number): Promise<Credentials | null> {
  const { environment, config, credentials, profile } = settings
  if (settings.isProfileNamed && config === undefined && credentials === undefined) {
    throw new VarveError('VARVE_REFUSED', `no AWS profile '${profile}'`, {
      data: { profile },
      hint: 'AWS_PROFILE names it; it must be in ~/.aws/config or ~/.aws/credentials',
    })
  }
  // A role is assumed with keys that stand beside it: they are not the profile's own.
  const own = config?.has('role_arn') === true ? null : ownKeys(settings)
  if (own !== null) return own
  const program = value(config?.get('credential_process')) ?? value(credentials?.get('credential_process'))
  if (program !== null) return processCredentials(program, environment)
  const arn = value(config?.get('role_arn'))
  if (arn !== null) return fromRole(settings, arn, sourcesLeft)
  const unknown = [...(config?.keys() ?? [])].find((key) => key.startsWith('sso_'))
  if (unknown !== undefined) throw unsupported(profile, unknown)
  const [given, file] = [
    value(environment['AWS_ROLE_ARN']),
    value(environment['AWS_WEB_IDENTITY_TOKEN_FILE']),
  ]
  if (given !== null && file !== null) {
    const sessionName = value(environment['AWS_ROLE_SESSION_NAME'])
    return assumeRoleWithToken({ arn: given, sessionName, externalId: null, seconds: null }, file, settings)
  }
  return (await ofContainer(environment)) ?? instanceCredentials(environment)
}

/** The role is lent to whoever shows a token, or the credentials of another profile or place. */
async function fromRole(settings: S3Settings, arn: string, sourcesLeft: number): Promise<Credentials> {
  const { config, environment, profile, sectionsOf } = settings
  if (config?.has('mfa_serial') === true) throw unsupported(profile, 'mfa_serial')
  const [sessionName, externalId] = [
    value(config?.get('role_session_name')),
    value(config?.get('external_id')),
  ]
  const seconds = Number(value(config?.get('duration_seconds')) ?? Number.NaN)
  const role = { arn, sessionName, externalId, seconds: Number.isSafeInteger(seconds) ? seconds : null }
  const file = value(config?.get('web_identity_token_file'))
  if (file !== null) return assumeRoleWithToken(role, file, settings)
  const [source, place] = [value(config?.get('source_profile')), value(config?.get('credential_source'))]
  let by: Credentials | null = null
  if (source === profile) by = ownKeys(settings)
  else if (source !== null && sourcesLeft > 0)
    by = await fromProfile(
      { ...settings, ...sectionsOf(source), profile: source, isProfileNamed: true },
      sourcesLeft - 1,
    )
  else if (place === 'Environment') by = fromEnvironment(settings)
  else if (place === 'EcsContainer') by = await ofContainer(environment)
  else if (place === 'Ec2InstanceMetadata') by = await instanceCredentials(environment)
  if (by !== null) return assumeRole(role, by, settings)
  throw new VarveError('VARVE_REFUSED', `AWS profile '${profile}' has nothing to ask for its role with`, {
    data: { profile },
    hint: "'source_profile' or 'credential_source' names where the first credentials are",
  })
}

async function ofContainer(environment: S3Settings['environment']): Promise<Credentials | null> {
  const full = value(environment['AWS_CONTAINER_CREDENTIALS_FULL_URI'])
  const relative = value(environment['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'])
  if (full !== null || relative !== null)
    return containerCredentials(full ?? `http://169.254.170.2${relative ?? ''}`, environment)
  return null
}

function ownKeys({ config, credentials, profile }: S3Settings): Credentials | null {
  for (const [section, file] of [
    [credentials, 'credentials'],
    [config, 'config'],
  ] as const) {
    const id = value(section?.get('aws_access_key_id'))
    const secret = value(section?.get('aws_secret_access_key'))
    const token = value(section?.get('aws_session_token'))
    if (id === null || secret === null) continue
    const source = `profile '${profile}' in the ${file} file`
    return { id, secret, ...(token === null ? {} : { token }), source }
  }
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
