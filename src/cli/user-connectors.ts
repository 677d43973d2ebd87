// Connectors and sinks of the user's own, as VARVE_CONNECTORS names their modules. A module is loaded when a link's URL is looked
// at, not before: commands that need none go on without it.
import path from 'node:path'
import { VarveError } from '../base/errors.ts'
import type { ConnectorKind, SinkKind } from '../index.ts'
import type { Environment } from './interface.ts'
import { loadModule, whyNotLoaded } from './user-module.ts'

/** What their modules export: connectors, sinks, or both. */
export function userConnectors(environment: Environment): {
  readonly connectors: ConnectorKind[]
  readonly sinks: SinkKind[]
} {
  const modules = connectorFiles(environment).map((file) => new UserModule(file))
  return {
    connectors: modules.map((module) => module.connector()),
    sinks: modules.map((module) => module.sink()),
  }
}

/** The modules that VARVE_CONNECTORS names. */
export function connectorFiles(environment: Environment): string[] {
  return (environment['VARVE_CONNECTORS'] ?? '').split(path.delimiter).filter((file) => file !== '')
}

interface Kinds {
  readonly connector: ConnectorKind | null
  readonly sink: SinkKind | null
}

/** Members of its kinds throw VarveError VARVE_USAGE for what is none, or cannot be loaded; a kind that it has not accepts nothing. */
class UserModule {
  readonly #file: string
  #loaded: Kinds | null = null

  constructor(file: string) {
    this.#file = file
  }

  connector(): ConnectorKind {
    const kind = (): ConnectorKind | null => this.#kinds().connector
    return {
      get name() {
        return kind()?.name ?? ''
      },
      get isOnlyRead() {
        return kind()?.isOnlyRead as true
      },
      accepts: (url) => kind()?.accepts(url) ?? false,
      open: (url, options) => kind()!.open(url, options),
    }
  }

  sink(): SinkKind {
    const kind = (): SinkKind | null => this.#kinds().sink
    return {
      get name() {
        return kind()?.name ?? ''
      },
      accepts: (url) => kind()?.accepts(url) ?? false,
      open: (url, options) => kind()!.open(url, options),
    }
  }

  #kinds(): Kinds {
    return (this.#loaded ??= load(this.#file))
  }
}

function load(file: string): Kinds {
  if (!path.isAbsolute(file)) throw refused(file, 'the path must be a whole one')
  let exported: Readonly<Record<string, unknown>>
  try {
    exported = loadModule(file)
  } catch (cause) {
    throw refused(file, whyNotLoaded(file, cause), cause)
  }
  const { connector, sink } = exported
  const kinds = { connector: kindOf<ConnectorKind>(connector), sink: kindOf<SinkKind>(sink) }
  const isWrong = [connector, sink].some((one) => one !== undefined && kindOf(one) === null)
  if (isWrong || (kinds.connector ?? kinds.sink) === null)
    throw refused(file, "it exports no 'connector' or 'sink' with a name, 'accepts' and 'open'")
  return kinds
}

function kindOf<Kind>(value: unknown): Kind | null {
  const { name, accepts, open } = (value ?? {}) as Partial<Record<string, unknown>>
  const isKind = typeof name === 'string' && typeof accepts === 'function' && typeof open === 'function'
  return isKind ? (value as Kind) : null
}

function refused(file: string, why: string, cause?: unknown): VarveError {
  return new VarveError('VARVE_USAGE', `cannot use the connector '${file}': ${why}`, {
    data: { file },
    hint: 'VARVE_CONNECTORS names modules; docs/CONNECTORS.md says what is in one',
    cause,
  })
}
