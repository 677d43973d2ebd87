// The order in which derived tables are computed: each after those it is made of.
import { VarveError } from '../base/errors.ts'
import type { Path } from '../files/interface.ts'
import type { DeclaredDerivation } from './interface.ts'

/**
 * The wanted derivations and those that they read, in order.
 * @throws VarveError VARVE_PATH_NOT_FOUND, VARVE_RULE_VIOLATED (a circle)
 */
export function derivationOrder(
  derivations: ReadonlyMap<Path, DeclaredDerivation>,
  wanted: readonly Path[],
): DeclaredDerivation[] {
  const order: DeclaredDerivation[] = []
  const state = new Map<Path, 'open' | 'done'>()
  const visit = (path: Path, way: readonly Path[]): void => {
    const derivation = derivations.get(path)
    if (derivation === undefined || state.get(path) === 'done') return
    if (state.get(path) === 'open') {
      throw new VarveError('VARVE_RULE_VIOLATED', `'${path}' is derived from itself`, {
        data: { path, way: [...way, path] },
        hint: [...way.slice(way.indexOf(path)), path].join(' <- '),
      })
    }
    state.set(path, 'open')
    for (const input of inputsOf(derivation)) visit(input, [...way, path])
    state.set(path, 'done')
    order.push(derivation)
  }
  for (const path of wanted) {
    if (!derivations.has(path)) {
      throw new VarveError('VARVE_PATH_NOT_FOUND', `no derived table '${path}'`, {
        data: { path },
        hint:
          derivations.size === 0
            ? "declare one in the section 'derive' of varve.yaml"
            : `there are: ${[...derivations.keys()].join(', ')}`,
      })
    }
    visit(path, [])
  }
  return order
}

/** Paths of the tables that a derivation reads. */
export function inputsOf({ from }: DeclaredDerivation): readonly Path[] {
  return typeof from === 'string' ? [from] : from.map(({ path }) => path)
}
