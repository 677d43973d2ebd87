// Connectors of the user's own, as VARVE_CONNECTORS names their modules.
import path from 'node:path'
import { VarveError } from '../base/errors.ts'
import type { ConnectorKind } from '../index.ts'
import type { Environment } from './interface.ts'
import { loadModule } from './user-module.ts'

/** @throws VarveError VARVE_USAGE for what is no connector, or cannot be loaded */
export function userConnectors(environment: Environment): ConnectorKind[] {
  const files = (environment['VARVE_CONNECTORS'] ?? '').split(path.delimiter).filter((file) => file !== '')
  return files.map((file) => {
    const kind = load(file)['connector']
    if (isKind(kind)) return kind
    throw refused(file, "it exports no 'connector'")
  })
}

function load(file: string): Readonly<Record<string, unknown>> {
  if (!path.isAbsolute(file)) throw refused(file, 'the path must be a whole one')
  try {
    return loadModule(file)
  } catch (cause) {
    throw refused(file, (cause as Error).message, cause)
  }
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
