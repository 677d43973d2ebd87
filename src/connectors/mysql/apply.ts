// Writes a plan in one transaction: deletes, updates, inserts from the parents down, deletes of rows that others refer to,
// from the children up (rows that go over to another parent have gone by then), and at last the rows that wait for
// others. When any row has to be held back, all is rolled back: what then is right to write is the caller's to decide
// anew.
import { VarveError, throwIfAborted } from '../../base/errors.ts'
import type { ApplyPlan, Applied, RowChange } from '../interface.ts'
import { parentsFirst } from '../parents-first.ts'
import type { MysqlTable } from './discover.ts'
import type { Session } from './session.ts'
import { writeState } from './state.ts'
import { type Pending, RowWriter } from './row-writer.ts'
import { splitChange } from './split-change.ts'

export async function applyPlan(session: Session, plan: ApplyPlan): Promise<Applied> {
  const tables = parentsFirst(plan.tables as readonly MysqlTable[])
  const writer = new RowWriter(session)
  // Each statement that writes sees what is there now, and locks no more than the rows it is about if that can be.
  await session.execute(`SET TRANSACTION ISOLATION LEVEL ${session.isolation}`)
  await session.execute('START TRANSACTION')
  try {
    const isFirst = ({ isReferenced }: MysqlTable): boolean => !isReferenced
    for (const table of tables.filter(isFirst)) await applyKind(writer, plan, table, 'delete')
    for (const table of tables) await applyKind(writer, plan, table, 'update')
    for (const table of tables) await applyKind(writer, plan, table, 'insert')
    let waiting = await settle(writer, writer.takeWaiting())
    for (const table of tables.toReversed())
      if (!isFirst(table)) await applyKind(writer, plan, table, 'delete')
    waiting = await settle(writer, [...waiting, ...writer.takeWaiting()])
    for (const row of waiting) writer.reject(row)
    if (!writer.heldBack.isEmpty) {
      await session.execute('ROLLBACK')
      return { outcome: 'held-back', rows: writer.heldBack.list }
    }
    await writeState(session, plan)
    await session.execute('COMMIT')
    return { outcome: 'applied', written: writer.written }
  } catch (error) {
    // A connection that is gone has rolled back by itself.
    await session.execute('ROLLBACK').catch(() => undefined)
    throw error
  }
}

async function applyKind(
  writer: RowWriter,
  plan: ApplyPlan,
  table: MysqlTable,
  kind: RowChange['kind'],
): Promise<void> {
  for await (const changes of plan.changes(table, kind)) {
    throwIfAborted(plan.signal)
    if (changes.length === 0) continue
    if (!table.isTransactional) throw untransactional(table)
    await writer.write(
      table,
      changes.map((change) => ({ table, change })),
    )
  }
}

/**
 * Rows that were in each other's way: a second try, from the last to the first, since all moved on by one is the usual
 * case; then what ties them together is put aside. Those that still wait.
 */
async function settle(writer: RowWriter, rows: readonly Pending[]): Promise<readonly Pending[]> {
  await writer.writeEach(rows.toReversed())
  const [seconds, rest]: [Map<Pending, Pending>, Pending[]] = [new Map(), []]
  for (const row of writer.takeWaiting()) {
    const steps = splitChange(row.table, row.change)
    if (steps === null) rest.push(row)
    else seconds.set({ ...row, change: steps.first }, { ...row, change: steps.second })
  }
  const loose = await writer.writeEach([...seconds.keys()])
  writer.written -= loose.length
  let waiting: readonly Pending[] = [
    ...writer.takeWaiting(),
    ...loose.map((row) => seconds.get(row)!),
    ...rest,
  ]
  for (let before = Infinity; waiting.length > 0 && waiting.length < before;) {
    before = waiting.length
    await writer.writeEach(waiting.toReversed())
    waiting = writer.takeWaiting()
  }
  return waiting
}

function untransactional({ name, engine }: MysqlTable): VarveError {
  return new VarveError(
    'VARVE_RULE_VIOLATED',
    `table '${name}' is kept by ${engine}, which has no transactions`,
    {
      data: { table: name, engine },
      hint: `nothing was written; a write that fails could not be taken back there: ALTER TABLE ${name} ENGINE = InnoDB, or capture only`,
    },
  )
}
