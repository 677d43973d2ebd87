// Which policies count in a merge: those that the caller names, and those of varve.yaml as the merge itself makes it;
// where varve.yaml is in conflict, ours'. A varve.yaml that cannot be read decides nothing, and the merge says so:
// the clashes are conflicts then.
import { isVarveError } from '../../base/errors.ts'
import type { DatasetConfig, TablePolicies } from '../../dataset/interface.ts'
import { joinedPolicies } from '../../dataset/policy.ts'
import { storedConfig } from '../../dataset/stored-config.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import type { NodeStore } from '../../prolly/node-store.ts'

/** By path of a table; they count before varve.yaml. */
export type GivenPolicies = ReadonlyMap<Path, TablePolicies>

export class PolicySource {
  /** Why varve.yaml gives no policies though there is one. */
  fault: string | null = null
  readonly #given: GivenPolicies
  readonly #config: DatasetConfig | null

  private constructor(given: GivenPolicies, config: DatasetConfig | null, fault: string | null) {
    this.#given = given
    this.#config = config
    this.fault = fault
  }

  static async load(
    nodes: NodeStore,
    given: GivenPolicies,
    entry: TreeEntry | null,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<PolicySource> {
    try {
      return new PolicySource(given, await storedConfig(nodes, entry, options), null)
    } catch (error) {
      if (!isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
      return new PolicySource(given, null, `${error.message}: its merge policies are not used`)
    }
  }

  /** `from` is where a table was that the merge moves: varve.yaml may know it by that path still. */
  at(path: Path, from?: Path): TablePolicies | null {
    const named = from !== undefined && (this.#config?.tableAt(path) ?? null) === null ? from : path
    const given = this.#given.get(path) ?? this.#given.get(named) ?? null
    return joinedPolicies(given, this.#config?.policiesAt(named) ?? null)
  }
}
