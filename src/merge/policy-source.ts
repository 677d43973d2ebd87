// Which policies count in a merge: those that the caller names, and those of varve.yaml as the merge itself makes it;
// where varve.yaml is in conflict, ours'. A varve.yaml that cannot be read decides nothing, and the merge says so:
// the clashes are conflicts then.
import { concatBytes, utf8Text } from '../base/bytes.ts'
import { VarveError, isVarveError } from '../base/errors.ts'
import { collect } from '../base/iterables.ts'
import { type DatasetConfig, type TablePolicies, configFileName } from '../dataset/interface.ts'
import { joinedPolicies } from '../dataset/policy.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import { readFile } from '../files/read.ts'
import type { NodeStore } from '../prolly/node-store.ts'

const configBytesMax = 1 << 20

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
      return new PolicySource(given, await configOf(nodes, entry, options), null)
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

async function configOf(
  nodes: NodeStore,
  entry: TreeEntry | null,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<DatasetConfig | null> {
  if (entry?.kind !== 'file') return null
  if (entry.size > configBytesMax)
    throw new VarveError('VARVE_RULE_VIOLATED', `${configFileName} is longer than ${configBytesMax} bytes`)
  const bytes = concatBytes(await collect(readFile(nodes, entry, options)))
  const { parseConfig } = await import('../dataset/config.ts')
  try {
    return parseConfig(utf8Text(bytes))
  } catch (error) {
    if (isVarveError(error)) throw error
    throw new VarveError('VARVE_RULE_VIOLATED', `${configFileName} is not UTF-8`, { cause: error })
  }
}
