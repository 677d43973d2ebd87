// Derived tables (`varve derive`) are not merged by rows: where both sides have computed one anew, nobody wrote its
// rows by hand, and the right content is computed from the merged inputs.
import { isVarveError } from '../base/errors.ts'
import type { DatasetConfig } from '../dataset/interface.ts'
import { configFileName } from '../dataset/interface.ts'
import { storedConfig } from '../dataset/stored-config.ts'
import type { Path, TreeEntry } from '../files/interface.ts'
import type { Tree } from '../files/tree.ts'
import type { NodeStore } from '../prolly/node-store.ts'
import type { Sides } from './conflicts/conflict-record.ts'
import { type MergedEntry, isSameEntry } from './merge-entries.ts'

const keptNote = "both sides have derived it: it is as one of them has it until 'varve derive' is run"

/** The tables that both sides declare as derived, and alike, in their varve.yaml. */
export class DerivedPaths {
  readonly #ours: DatasetConfig['derivations']
  readonly #theirs: DatasetConfig['derivations']

  private constructor(ours: DatasetConfig['derivations'], theirs: DatasetConfig['derivations']) {
    this.#ours = ours
    this.#theirs = theirs
  }

  static async load(
    nodes: NodeStore,
    { ours, theirs }: { readonly ours: Tree; readonly theirs: Tree },
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<DerivedPaths> {
    const [one, other] = [await ours.get(configFileName, options), await theirs.get(configFileName, options)]
    const declared = await derivationsOf(nodes, one, options)
    const isSame = declared.size === 0 || isSameEntry(one, other)
    return new DerivedPaths(declared, isSame ? declared : await derivationsOf(nodes, other, options))
  }

  has(path: Path): boolean {
    const [one, other] = [this.#ours.get(path), this.#theirs.get(path)]
    return one !== undefined && other !== undefined && JSON.stringify(one) === JSON.stringify(other)
  }
}

/** Keeps ours where there is one, else theirs. */
export function keptDerived({ ours, theirs }: Sides<TreeEntry | null>): MergedEntry {
  return {
    entry: ours ?? theirs,
    result: ours === null ? 'theirs' : 'ours',
    conflicts: [],
    notes: [keptNote],
  }
}

export function isChangedTwice({ base, ours, theirs }: Sides<TreeEntry | null>): boolean {
  return !isSameEntry(ours, theirs) && !isSameEntry(ours, base) && !isSameEntry(theirs, base)
}

/** A varve.yaml that cannot be read declares nothing: its tables are merged as others are. */
async function derivationsOf(
  nodes: NodeStore,
  entry: TreeEntry | null,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<DatasetConfig['derivations']> {
  try {
    return (await storedConfig(nodes, entry, options))?.derivations ?? new Map()
  } catch (error) {
    if (isVarveError(error, 'VARVE_RULE_VIOLATED')) return new Map()
    throw error
  }
}
