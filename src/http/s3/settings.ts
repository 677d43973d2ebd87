// Where an S3 store is and how it is spoken to, found as AWS's own tools find it: variables first, then the profile in
// ~/.aws/config and ~/.aws/credentials. The environment is handed in; nothing here reads the process's own.
import path from 'node:path'
import { VarveError } from '../../base/errors.ts'
import { certificatesIn } from '../certificates.ts'
import { type Section, loadAwsFile } from './aws-files.ts'
import { type ObjectSettings, objectSettings } from './object-settings.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface S3Settings {
  readonly environment: Environment
  readonly profile: string
  /** The profile was asked for by name, so it must be there. */
  readonly isProfileNamed: boolean
  /** Another profile's, for the one that names it as its source. */
  readonly sectionsOf: (profile: string) => Pick<S3Settings, 'config' | 'credentials'>
  /** The profile's settings in the config file and in the credentials file. */
  readonly config: Section | undefined
  readonly credentials: Section | undefined
  /** null: not set. */
  readonly region: string | null
  /** null: Amazon's own for the region. */
  readonly endpoint: URL | null
  readonly addressing: 'path' | 'virtual' | 'auto'
  /** Certificates in PEM to trust. */
  readonly ca: string | undefined
  readonly objects: ObjectSettings
}

export function findSettings(environment: Environment): S3Settings {
  const named = value(environment['AWS_PROFILE']) ?? value(environment['AWS_DEFAULT_PROFILE'])
  const profile = named ?? 'default'
  const home = value(environment['HOME']) ?? value(environment['USERPROFILE'])
  const fileOf = (variable: string, name: string): string | null => {
    const given = value(environment[variable])
    if (given !== null) return inHome(given, home)
    return home === null ? null : path.join(home, '.aws', name)
  }
  const configFile = fileOf('AWS_CONFIG_FILE', 'config')
  const credentialsFile = fileOf('AWS_SHARED_CREDENTIALS_FILE', 'credentials')
  const all = configFile === null ? new Map<string, Section>() : loadAwsFile(configFile)
  const secrets = credentialsFile === null ? new Map<string, Section>() : loadAwsFile(credentialsFile)
  const sectionsOf: S3Settings['sectionsOf'] = (name) => ({
    config: all.get(`profile ${name}`) ?? (name === 'default' ? all.get('default') : undefined),
    credentials: secrets.get(name),
  })
  const { config, credentials } = sectionsOf(profile)
  const services = all.get(`services ${config?.get('services') ?? ''}`)
  return {
    environment,
    profile,
    isProfileNamed: named !== null,
    sectionsOf,
    config,
    credentials,
    region: regionOf(environment, config, credentials),
    endpoint: endpointOf(environment, config, services),
    addressing: addressingOf(config),
    ca: certificatesOf(environment, home, config),
    objects: objectSettings(environment),
  }
}

function inHome(file: string, home: string | null): string {
  return file.startsWith('~/') && home !== null ? path.join(home, file.slice(2)) : file
}

function regionOf(
  environment: Environment,
  config: Section | undefined,
  credentials: Section | undefined,
): string | null {
  const region =
    value(environment['AWS_REGION']) ??
    value(environment['AWS_DEFAULT_REGION']) ??
    value(config?.get('region')) ??
    value(credentials?.get('region'))
  if (region !== null && !isRegion(region)) throw unusable('region', region)
  return region
}

/** Whether the text may be a region: it becomes part of a host name. */
export function isRegion(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,62}$/i.test(text)
}

function endpointOf(
  environment: Environment,
  config: Section | undefined,
  services: Section | undefined,
): URL | null {
  const ignores =
    environment['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] ?? config?.get('ignore_configured_endpoint_urls')
  if (ignores?.toLowerCase() === 'true') return null
  const text =
    value(environment['AWS_ENDPOINT_URL_S3']) ??
    value(environment['AWS_ENDPOINT_URL']) ??
    value(services?.get('s3.endpoint_url')) ??
    value(config?.get('s3.endpoint_url')) ??
    value(config?.get('endpoint_url'))
  if (text === null) return null
  const url = URL.canParse(text) ? new URL(text) : null
  const isWeb = url !== null && ['http:', 'https:'].includes(url.protocol)
  // A password in it would be shown in messages: the text is not repeated here either.
  if (!isWeb || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw unusable('endpoint', isWeb ? url.host : '')
  return url
}

function addressingOf(config: Section | undefined): S3Settings['addressing'] {
  const style = value(config?.get('s3.addressing_style')) ?? value(config?.get('addressing_style')) ?? 'auto'
  if (style === 'path' || style === 'virtual' || style === 'auto') return style
  throw unusable('addressing_style', style)
}

function certificatesOf(
  environment: Environment,
  home: string | null,
  config: Section | undefined,
): string | undefined {
  const given = value(environment['AWS_CA_BUNDLE']) ?? value(config?.get('ca_bundle'))
  if (given === null) return undefined
  return certificatesIn(inHome(given, home), 'AWS_CA_BUNDLE, or ca_bundle in the AWS config file, names it')
}

function unusable(setting: string, given: string): VarveError {
  return new VarveError(
    'VARVE_REFUSED',
    `the ${setting} of the S3 store is not usable: ${JSON.stringify(given)}`,
    {
      data: { setting },
      hint: 'see AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION, and the AWS config file',
    },
  )
}

/** The value of a variable; null for an empty one, which counts as not set. */
export function value(text: string | undefined): string | null {
  return text === undefined || text.trim() === '' ? null : text.trim()
}
