// Tables by the names that people give them.
import { VarveError } from '../base/errors.ts'
import { didYouMean, nearest } from '../base/nearest.ts'
import type { Cid } from '../encoding/cid.ts'
import type { Tree } from '../files/tree.ts'

const tableExtensions = ['', '.csv', '.tsv', '.jsonl']

/** Finds a table by its name without extension: 'people' finds 'people.csv', 'people.tsv' or 'people.jsonl'. */
export async function findTable(
  tree: Tree,
  name: string,
): Promise<{ path: string; table: Cid; executable: boolean } | null> {
  for (const extension of tableExtensions) {
    const entry = await tree.get(name + extension)
    if (entry?.kind === 'table')
      return { path: name + extension, table: entry.table, executable: entry.executable }
  }
  return null
}

/** A dataset with more tables has no near one. */
const namesLookedAtMax = 10_000

/** The table that somebody probably meant, by its path, by its file's name or without its extension. */
export async function nearTable(tree: Tree, name: string): Promise<string | null> {
  const names = new Set<string>()
  for await (const batch of tree.scan()) {
    for (const { path, entry } of batch) {
      if (entry.kind !== 'table') continue
      const known = name.includes('/') ? path : path.slice(path.lastIndexOf('/') + 1)
      names.add(known).add(known.replace(/(?<=.)\.[^.]*$/, ''))
    }
    if (names.size > namesLookedAtMax) return null
  }
  return nearest(name, [...names])
}

/** As `noTable`, with the name that may have been meant. */
export async function noTableIn(tree: Tree, name: string, revision: string): Promise<VarveError> {
  return noTable(name, revision, await nearTable(tree, name))
}

/** With `revision` null, the table is missing in a transaction, where it can be created. */
export function noTable(name: string, revision: string | null, near: string | null = null): VarveError {
  if (revision === null) {
    return new VarveError('VARVE_PATH_NOT_FOUND', `no table '${name}' in the transaction`, {
      data: { table: name },
      hint: 'make it with tx.createTable(PATH, { key })',
    })
  }
  return new VarveError('VARVE_PATH_NOT_FOUND', `no table '${name}' in '${revision}'`, {
    data: { table: name, revision },
    hint: didYouMean(
      near,
      `see what is there with 'varve ls ${revision}'; a file becomes a table with 'varve track FILE --key COLUMN'`,
    ),
  })
}
