// The tables of the merged tree as resolving needs them: read once each, by path.
import { VarveError } from '../../base/errors.ts'
import type { Path } from '../../files/interface.ts'
import type { Tree } from '../../files/tree.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { type RowShape, rowShape } from '../../table/rows.ts'
import { loadTable } from '../../table/table-object.ts'

export class TableSchemas {
  readonly #nodes: NodeStore
  readonly tree: Tree
  readonly #options: ReadOptions
  readonly #known = new Map<Path, RowShape | null>()

  constructor(nodes: NodeStore, tree: Tree, options: ReadOptions = {}) {
    this.#nodes = nodes
    this.tree = tree
    this.#options = options
  }

  /** The shape of the table's rows; null when there is no table. */
  async find(path: Path): Promise<RowShape | null> {
    const known = this.#known.get(path)
    if (known !== undefined) return known
    const entry = await this.tree.get(path, this.#options)
    const shape =
      entry?.kind === 'table'
        ? rowShape((await loadTable(this.#nodes.reader, entry.table, this.#options)).schema)
        : null
    this.#known.set(path, shape)
    return shape
  }

  async at(path: Path): Promise<RowShape> {
    return (await this.find(path)) ?? noTable(path)
  }
}

export function noTable(path: Path): never {
  throw new VarveError('VARVE_NOT_POSSIBLE', `'${path}' is not a table any more`, {
    data: { path },
    hint: "settle it with 'varve add PATH', or give the merge up with 'varve merge --abort'",
  })
}
