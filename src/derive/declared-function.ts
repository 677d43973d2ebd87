// Finds the function of a table that varve.yaml declares by name. Code never comes with the data: a program, or whoever
// runs the command line, says which module has it.
import { VarveError } from '../base/errors.ts'
import type {
  AnyDerivation,
  DeclaredDerivation,
  FunctionDeclaration,
  FunctionDerivation,
  FunctionModule,
  GroupDerivation,
} from './interface.ts'

/** @throws VarveError VARVE_NOT_POSSIBLE: there is no such function */
export function withFunction(
  derivation: DeclaredDerivation,
  module: FunctionModule | undefined,
): AnyDerivation {
  if (!('function' in derivation)) return derivation
  const { path, from, by, key, columns } = derivation
  const found = functionOf(derivation, module)
  const common = { path, key, columns, version: derivation.version ?? module!.version }
  return by === null
    ? { ...common, from: from[0]!.path, rows: found as FunctionDerivation['rows'] }
    : { ...common, from, by, group: found as GroupDerivation['group'] }
}

function functionOf(
  { path, function: name }: FunctionDeclaration,
  module: FunctionModule | undefined,
): unknown {
  const found =
    module !== undefined && Object.hasOwn(module.functions, name) ? module.functions[name] : undefined
  if (typeof found === 'function') return found
  const why =
    module === undefined ? 'nobody has said which module has it' : 'the module has none of that name'
  throw new VarveError('VARVE_NOT_POSSIBLE', `'${path}' is derived by the function '${name}', and ${why}`, {
    data: { path, function: name },
    hint: "name a module that you trust: 'varve derive --functions FILE', or VARVE_FUNCTIONS in the environment",
  })
}
