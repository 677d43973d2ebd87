// What Git runs with: the caller's environment without whatever would lead Git to another repository or make it tell
// secrets, and settings that keep the user's hooks and housekeeping out of our cache. Credential helpers, ssh, proxies
// and certificates stay the user's.
import type { OpenRemoteOptions } from '../../interface.ts'

export type Environment = Record<string, string>

/** Of Git's own variables, those that say how to reach a host are kept, and no others. */
const kept =
  /^GIT_(SSH|SSH_COMMAND|SSH_VARIANT|ASKPASS|TERMINAL_PROMPT|SSL_\w+|PROXY_\w+|HTTP_\w+|CONFIG_(GLOBAL|SYSTEM|NOSYSTEM|COUNT|KEY_\d+|VALUE_\d+))$/

export interface GitPlace {
  /** The repository that Git works in. */
  readonly gitDir: string
  /** Where it keeps objects. */
  readonly objectsDir: string
}

export function gitEnvironment(
  given: OpenRemoteOptions['environment'],
  place: GitPlace,
  protocols: string,
): Environment {
  const environment: Environment = {}
  for (const [name, value] of Object.entries(given ?? {}))
    if (value !== undefined && (!name.startsWith('GIT_') || kept.test(name))) environment[name] = value
  // Nobody answers a question in the middle of a command, unless that was asked for.
  environment['GIT_TERMINAL_PROMPT'] ??= '0'
  return {
    ...environment,
    GIT_DIR: place.gitDir,
    GIT_OBJECT_DIRECTORY: place.objectsDir,
    GIT_ALLOW_PROTOCOL: protocols,
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ATTR_NOSYSTEM: '1',
    LC_ALL: 'C',
  }
}

/**
 * Our packs are compressed already and nothing like each other: Git streams them as they are, looks for no deltas, and
 * never holds one in memory.
 */
const settings: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.bigFileThreshold': '1m',
  'core.compression': '0',
  'pack.compression': '0',
  'pack.threads': '1',
  'core.fsync': 'objects',
  'fastimport.unpackLimit': '1',
  'fetch.unpackLimit': '1',
  'fetch.fsckObjects': 'true',
  'fetch.writeCommitGraph': 'false',
  'push.gpgSign': 'false',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'advice.pushUpdateRejected': 'false',
  // A connection that says nothing for two minutes is cut.
  'http.lowSpeedLimit': '1',
  'http.lowSpeedTime': '120',
}

export const settingArguments: readonly string[] = Object.entries(settings).flatMap(([name, value]) => [
  '-c',
  `${name}=${value}`,
])
