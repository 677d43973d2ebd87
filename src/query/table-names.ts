// Tables as queries name them: 'people', 'data/people.csv', and with a revision 'people@v1'. Names without one mean the
// files as they are now, where that is asked for: their tree is made when the first of them comes, by whoever knows how.
import { VarveError, isVarveError } from '../base/errors.ts'
import { didYouMean } from '../base/nearest.ts'
import type { Cid, CommitCid } from '../encoding/cid.ts'
import type { Path } from '../files/interface.ts'
import { Tree } from '../files/tree.ts'
import { readCommit } from '../history/commit.ts'
import { resolveRevision } from '../history/revision.ts'
import { findTable, nearTable, noTableIn } from '../repo/find-table.ts'
import type { Repo } from '../repo/interface.ts'

export interface NamedTable {
  readonly path: Path
  readonly table: Cid
  /** null: as its file is now. */
  readonly commit: CommitCid | null
  /** What the workspace knows it by, unlike any path: versions of one table that queries compare are kept side by side. */
  readonly cacheName: string
}

interface Snapshot {
  readonly commit: CommitCid | null
  readonly tree: Tree
}

/** What a name means that says no revision: a revision, or the tree of the files. */
export type DefaultSource = string | (() => Promise<Tree>)

export class TableNames {
  readonly #repo: Repo
  readonly #defaultSource: DefaultSource
  readonly #snapshots = new Map<DefaultSource, Promise<Snapshot>>()

  constructor(repo: Repo, defaultSource: DefaultSource) {
    this.#repo = repo
    this.#defaultSource = defaultSource
  }

  /** @throws VarveError VARVE_PATH_NOT_FOUND, VARVE_REF_NOT_FOUND */
  async find(name: string): Promise<NamedTable> {
    const whole = await this.#findIn(name, this.#defaultSource)
    if (whole !== null) return { ...whole, cacheName: await this.#cacheName(whole) }
    for (let at = name.indexOf('@', 1); at > 0 && at < name.length - 1; at = name.indexOf('@', at + 1)) {
      const [table, revision] = [name.slice(0, at), name.slice(at + 1)]
      const found = await this.#findIn(table, revision).catch((error: unknown) => {
        // The '@' may belong to the table's name.
        if (isVarveError(error, 'VARVE_REF_NOT_FOUND') && name.includes('@', at + 1)) return null
        throw error
      })
      if (found !== null) return { ...found, cacheName: `${found.path}//${revision}` }
      if (!name.includes('@', at + 1)) throw await this.#noTable(table, revision)
    }
    throw await this.#noTable(name, this.#defaultSource)
  }

  async #noTable(name: string, source: DefaultSource): Promise<VarveError> {
    const { tree } = await this.#snapshot(source)
    return typeof source === 'string'
      ? noTableIn(tree, name, source)
      : noFile(name, await nearTable(tree, name))
  }

  /** What is not committed is kept beside what is: the next difference to what is committed can then still be told. */
  async #cacheName({ path, table, commit }: Omit<NamedTable, 'cacheName'>): Promise<string> {
    if (commit !== null) return path
    const committed = await this.#findIn(path, 'HEAD').catch((error: unknown) => {
      if (isVarveError(error, 'VARVE_REF_NOT_FOUND')) return null
      throw error
    })
    return committed?.table === table ? path : `${path}//`
  }

  async #findIn(name: string, revision: DefaultSource): Promise<Omit<NamedTable, 'cacheName'> | null> {
    const { commit, tree } = await this.#snapshot(revision)
    const found = (await findTable(tree, name)) ?? (await onlyOneCalled(name, tree))
    return found === null ? null : { path: found.path, table: found.table, commit }
  }

  #snapshot(revision: DefaultSource): Promise<Snapshot> {
    const known = this.#snapshots.get(revision)
    if (known !== undefined) return known
    const snapshot =
      typeof revision === 'string'
        ? this.#commit(revision)
        : revision().then((tree) => ({ commit: null, tree }))
    this.#snapshots.set(revision, snapshot)
    return snapshot
  }

  async #commit(revision: string): Promise<Snapshot> {
    const { store, nodes } = this.#repo
    const { commit } = await resolveRevision(store, revision)
    const { tree } = await readCommit(store, commit)
    return { commit, tree: await Tree.load(nodes, tree) }
  }
}

function noFile(name: string, near: string | null): VarveError {
  return new VarveError('VARVE_PATH_NOT_FOUND', `no table '${name}' among the files`, {
    data: { table: name },
    hint: didYouMean(
      near,
      "a new file is asked about after 'varve add'; it is a table after 'varve track FILE --key COLUMN', if its rows are what rules want",
    ),
  })
}

/** Finds 'data/people.csv' by the name 'people', if no other table has that name. */
async function onlyOneCalled(name: string, tree: Tree): Promise<{ path: Path; table: Cid } | null> {
  if (name.includes('/')) return null
  const found: { path: Path; table: Cid }[] = []
  for await (const batch of tree.scan()) {
    for (const { path, entry } of batch) {
      const last = path.slice(path.lastIndexOf('/') + 1)
      if (entry.kind === 'table' && (last === name || last.replace(/(?<=.)\.[^.]*$/, '') === name))
        found.push({ path, table: entry.table })
    }
  }
  if (found.length < 2) return found[0] ?? null
  throw new VarveError('VARVE_USAGE', `'${name}' may be any of ${found.length} tables`, {
    data: { paths: found.map(({ path }) => path) },
    hint: `say which by its path, in double quotes: ${found
      .slice(0, 3)
      .map(({ path }) => `"${path}"`)
      .join(', ')}`,
  })
}
