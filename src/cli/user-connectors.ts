// Connectors of the user's own, as VARVE_CONNECTORS names their modules. A module is loaded when a link's URL is looked
// at, not before: commands that need none go on without it.
import path from 'node:path'
import { VarveError } from '../base/errors.ts'
import type { ConnectorKind } from '../index.ts'
import type { Environment } from './interface.ts'
import { loadModule, whyNotLoaded } from './user-module.ts'

export function userConnectors(environment: Environment): ConnectorKind[] {
  return connectorFiles(environment).map(kindOf)
}

/** The modules that VARVE_CONNECTORS names. */
export function connectorFiles(environment: Environment): string[] {
  return (environment['VARVE_CONNECTORS'] ?? '').split(path.delimiter).filter((file) => file !== '')
}

/** Its members throw VarveError VARVE_USAGE for what is no connector, or cannot be loaded. */
function kindOf(file: string): ConnectorKind {
  let loaded: ConnectorKind | undefined
  const kind = (): ConnectorKind => (loaded ??= load(file))
  return {
    get name() {
      return kind().name
    },
    get isOnlyRead() {
      return kind().isOnlyRead as true
    },
    accepts: (url) => kind().accepts(url),
    open: (url, options) => kind().open(url, options),
  }
}

function load(file: string): ConnectorKind {
  if (!path.isAbsolute(file)) throw refused(file, 'the path must be a whole one')
  let exported: Readonly<Record<string, unknown>>
  try {
    exported = loadModule(file)
  } catch (cause) {
    throw refused(file, whyNotLoaded(file, cause), cause)
  }
  const kind = exported['connector']
  if (isKind(kind)) return kind
  throw refused(file, "it exports no 'connector' with a name, 'accepts' and 'open'")
}

function isKind(value: unknown): value is ConnectorKind {
  const { name, accepts, open } = (value ?? {}) as Partial<Record<string, unknown>>
  return typeof name === 'string' && typeof accepts === 'function' && typeof open === 'function'
}

function refused(file: string, why: string, cause?: unknown): VarveError {
  return new VarveError('VARVE_USAGE', `cannot use the connector '${file}': ${why}`, {
    data: { file },
    hint: 'VARVE_CONNECTORS names modules; docs/CONNECTORS.md says what is in one',
    cause,
  })
}
