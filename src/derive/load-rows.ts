// Fills a table of the workspace with all rows of a table. While a thread puts rows in, the next ones are read and packed:
// both take about as long.
import { withContents } from '../formats/contents.ts'
import { RowPacker } from '../formats/sqlite/pack-rows.ts'
import type { Io } from '../repo/interface.ts'
import type { Table } from '../table/table.ts'
import type { Workspace } from './workspace.ts'

export interface LoadOptions {
  readonly signal?: AbortSignal | undefined
  readonly onRows?: ((done: number) => void) | undefined
}

/**
 * Loads rows into `storage`, which is there and empty, while nobody has a transaction open. After a failure the
 * workspace is to be dropped.
 */
export async function loadRows(
  workspace: Workspace,
  io: Io,
  { table, storage }: { readonly table: Table; readonly storage: string },
  { signal, onRows }: LoadOptions,
): Promise<void> {
  const { columns } = table.schema
  const target = { table: storage, columns: columns.map(({ type }) => ({ type })) }
  const packer = new RowPacker(columns, table.shape)
  let inserting: Promise<void> = Promise.resolve()
  let done = 0
  const insert = async (): Promise<void> => {
    await inserting
    const rows = packer.bound.take()
    done += rows.rowCount
    inserting = workspace.insert(target, rows, signal)
    // Whoever awaits it next is told; until then it is nobody's fault.
    inserting.catch(() => undefined)
    onRows?.(done)
  }
  onRows?.(0)
  for await (const batch of table.map.scan({ signal })) {
    for await (const rows of withContents(batch, io.nodes.reader, { signal })) {
      packer.add(rows)
      if (packer.bound.isFull) await insert()
    }
  }
  if (!packer.bound.isEmpty) await insert()
  await inserting
}
