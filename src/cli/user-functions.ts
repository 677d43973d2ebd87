// The module whose functions derive tables, as --functions or VARVE_FUNCTIONS names it.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { VarveError } from '../base/errors.ts'
import type { FunctionModule } from '../index.ts'
import type { Environment } from './interface.ts'
import { loadModule, whyNotLoaded } from './user-module.ts'

/** @throws VarveError VARVE_USAGE: it cannot be loaded */
export function userFunctions(
  named: string | undefined,
  environment: Environment,
): FunctionModule | undefined {
  const file = named ?? environment['VARVE_FUNCTIONS']
  if (file === undefined || file === '') return undefined
  if (named === undefined && !path.isAbsolute(file)) throw refused(file, 'the path must be a whole one')
  const whole = path.resolve(file)
  try {
    const version = createHash('sha256').update(readFileSync(whole)).digest('hex')
    return { functions: loadModule(whole), version }
  } catch (cause) {
    throw refused(file, whyNotLoaded(whole, cause), cause)
  }
}

function refused(file: string, why: string, cause?: unknown): VarveError {
  return new VarveError('VARVE_USAGE', `cannot use the functions in '${file}': ${why}`, {
    data: { file },
    hint: 'it is a module that exports them by name; docs/DERIVED.md has an example',
    cause,
  })
}
