// Blame of a table: opens the version asked for, walks, and returns the rows with the commits that they are attributed
// to.
import { commandWord } from '../../base/command-word.ts'
import { VarveError } from '../../base/errors.ts'
import type { CommitCid } from '../../encoding/cid.ts'
import { graphOf } from '../../history/commit-graph.ts'
import type { Commit } from '../../history/interface.ts'
import type { Entry } from '../../prolly/interface.ts'
import type { Column } from '../../table/interface.ts'
import { KeyList } from '../../table/key-list.ts'
import { noColumn } from '../../table/no-column.ts'
import { type RowKey, encodeRowKey, rowKeyText } from '../../table/row-key.ts'
import { Table } from '../../table/table.ts'
import { entriesOf } from '../../table/version-pair.ts'
import { type Attribution, blame, boundaryOf } from './blame.ts'
import { RowSubject, type RowSubjectOptions } from './blame-rows.ts'
import { withWriter } from '../context.ts'
import type { Repo } from '../interface.ts'
import { PathOrigins, type PathVersion } from '../log/path-origin.ts'
import { TableVersions, notATable } from './table-versions.ts'

export interface BlameTableOptions extends RowSubjectOptions {
  /** Only this row, and every cell of it unless columns are named. */
  readonly key?: RowKey | undefined
  /** Cells of these columns instead of whole rows. */
  readonly columns?: readonly string[] | undefined
  /** What these commits reach is not looked behind. */
  readonly exclude?: readonly CommitCid[] | undefined
}

export interface TableBlame {
  readonly table: Table
  /** null: rows as a whole. */
  readonly columns: readonly Column[] | null
  /** All commits that answer for something. */
  readonly attributions: readonly Attribution[]
  /** In key order; by[i] is who answers for the i-th column, or by[0] for the row. */
  rows(): AsyncGenerator<{ readonly entry: Entry; readonly by: readonly Attribution[] }[]>
}

/** @throws VarveError VARVE_USAGE, VARVE_PATH_NOT_FOUND for a row or column that is not there */
export async function blameTable(
  repo: Repo,
  commit: Commit,
  version: PathVersion,
  options: BlameTableOptions = {},
): Promise<TableBlame> {
  const { signal } = options
  if (version.entry?.kind !== 'table') throw notATable(version.path)
  const table = await Table.load(repo.nodes, version.entry.table, { signal })
  const columns = columnsAsked(table, version.path, options)
  const key = options.key === undefined ? null : await keyAsked(table, version.path, options.key)
  const keys = key === null ? await KeyList.ofBatches(table.map.scan({ signal })) : KeyList.of([key])
  const subject = await withWriter(repo, async (writer, nodes) => {
    const versions = new TableVersions({ writer, nodes }, { signal })
    const rows = new RowSubject(versions, table, keys, columns, options)
    const graph = graphOf(repo.store, { whole: true })
    const origins = new PathOrigins(repo.nodes, graph, { signal })
    const boundary = await boundaryOf(repo, graph, options.exclude, signal)
    if (keys.count > 0) await blame(origins, { commit, version, work: rows.start, boundary }, rows)
    return rows
  })
  const lanes = columns?.map((_, i) => i) ?? [0]
  return {
    table,
    columns,
    attributions: subject.attributions,
    async *rows() {
      let row = 0
      for await (const entries of entriesOf(table.map, key === null ? undefined : [key], { signal })) {
        const first = row
        row += entries.length
        yield entries.map((entry, i) => ({
          entry,
          by: lanes.map((lane) => subject.attributionOf(first + i, lane)),
        }))
      }
    },
  }
}

function columnsAsked(table: Table, path: string, options: BlameTableOptions): readonly Column[] | null {
  const { columns } = table.schema
  if (options.columns === undefined) return options.key === undefined ? null : columns
  return options.columns.map((name) => {
    const column = columns.find((one) => one.name === name)
    if (column === undefined) throw noColumn(path, name, columns)
    return column
  })
}

async function keyAsked(table: Table, path: string, key: RowKey): Promise<Uint8Array> {
  const bytes = encodeRowKey(table.shape, key, path)
  if ((await table.map.get(bytes)) !== null) return bytes
  throw new VarveError('VARVE_PATH_NOT_FOUND', `'${path}' has no row ${rowKeyText(table.shape, key)}`, {
    data: { path, key: 'text' in key ? key.text : key.values },
    hint: `it may have been removed: 'varve log ${commandWord(path)} --key KEY' finds out when`,
  })
}
