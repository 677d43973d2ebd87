// Tables by the names that people give them.
import { VarveError } from '../base/errors.ts'
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

/** With `revision` null, the table is missing in a transaction, where it can be created. */
export function noTable(name: string, revision: string | null): VarveError {
  if (revision === null) {
    return new VarveError('VARVE_PATH_NOT_FOUND', `no table '${name}' in the transaction`, {
      data: { table: name },
      hint: 'make it with tx.createTable(PATH, { key })',
    })
  }
  return new VarveError('VARVE_PATH_NOT_FOUND', `no table '${name}' in '${revision}'`, {
    data: { table: name, revision },
    hint: `see what is there with 'varve ls ${revision}'; a file becomes a table with 'varve track FILE --key COLUMN'`,
  })
}
