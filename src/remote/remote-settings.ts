// What a repository says of one of its remotes beside the address, handed to the transport as the variables that say the
// same: `remote.NAME.encryption`, `kmsKeyId`, `storageClass` and `requestPayer` of an object store.
import { objectVariables } from '../http/s3/object-settings.ts'
import type { Manifest } from '../store/interface.ts'
import type { OpenRemoteOptions } from './interface.ts'

/** The variables with the remote's settings in them, which count before variables of the same meaning. */
export function environmentFor(
  manifest: Manifest,
  name: string | undefined,
  environment: OpenRemoteOptions['environment'],
): OpenRemoteOptions['environment'] {
  if (name === undefined) return environment
  const said: Record<string, string> = {}
  for (const [setting, variable] of Object.entries(objectVariables)) {
    const value = manifest.config.get(`remote.${name}.${setting}`)
    if (value !== undefined) said[variable] = value
  }
  return Object.keys(said).length === 0 ? environment : { ...environment, ...said }
}
