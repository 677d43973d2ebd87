// Changes of a log that take more memory than there is to be: laid aside and merged, they come to what they come to when
// each goes into the tree by itself.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LogChange } from '../../../src/connectors/change-log.ts'
import type { EndpointTable } from '../../../src/connectors/interface.ts'
import { readCells } from '../../../src/formats/columnar/read-cells.ts'
import { NodeStore } from '../../../src/prolly/node-store.ts'
import type { Io } from '../../../src/repo/interface.ts'
import { MemoryStore } from '../../../src/store/memory.ts'
import { TableChanges } from '../../../src/sync/log/table-changes.ts'
import { nullCell, textCell } from '../../../src/table/cell.ts'
import type { Cell, TableObject } from '../../../src/table/interface.ts'

const names = ['id', 'a', 'b']
const columns = names.map((name) => ({ name, type: 'text' as const }))
const table = { name: 't', columns, key: ['id'] } as unknown as EndpointTable

async function stored(io: Io, rows: readonly (readonly Cell[])[]): Promise<TableObject> {
  async function* cells(): AsyncGenerator<readonly (readonly Cell[])[]> {
    await Promise.resolve()
    yield rows
  }
  return readCells({ columns, key: ['id'], rowCount: 0, cells }, { ...io, key: ['id'], where: 't' })
}

/** What the changes come to, laid aside each time that there are more than `gatheredBytesMax`, or one by one. */
async function outcome(
  rows: readonly (readonly Cell[])[],
  changes: readonly LogChange[],
  { gatheredBytesMax, isAlone = false }: { gatheredBytesMax: number; isAlone?: boolean },
): Promise<unknown> {
  const writer = MemoryStore.create().writer()
  const put = writer.put.bind(writer)
  // What is published is nodes and the table; rows that are laid aside are neither.
  writer.put = (codec, ...rest) => {
    expect(codec).toBe('dag-cbor')
    return put(codec, ...rest)
  }
  const io = { writer, nodes: new NodeStore(writer) }
  const scratch = MemoryStore.create().writer()
  const logged = { table, scratch, where: 't', unfit: new Map(), keepsSpelling: false, gatheredBytesMax }
  const made = await TableChanges.of(io, await stored(io, rows), logged)
  for (const change of changes) {
    if (isAlone || made.looksBack(change)) await made.flush()
    made.add(change)
    if (made.isFull && !isAlone) await made.makeRoom()
  }
  await made.flush()
  return made.unclear === null ? made.write() : 'unclear'
}

const key = fc.integer({ min: 0, max: 9 }).map((id) => textCell(`k${id}`))
const value: fc.Arbitrary<Cell | null> = fc.oneof(
  fc.constantFrom(null, null, nullCell),
  fc.integer({ min: 0, max: 99 }).map((n) => textCell('x'.repeat(n))),
)
const change: fc.Arbitrary<LogChange> = fc
  .oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        key,
        move: fc.option(key, { freq: 3 }),
        a: value,
        b: value,
        isPatch: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: key },
  )
  .map((one): LogChange =>
    'kind' in one
      ? { kind: 'delete', table: 't', key: [one] }
      : {
          kind: 'put',
          table: 't',
          oldKey: one.move === null ? null : [one.move],
          after: [one.key, one.a, one.b],
          isPatch: one.isPatch,
        },
  )

test('changes that are laid aside come to the same as changes that go into the tree one by one', async () => {
  const all = Array.from({ length: 10 }, (_, id) =>
    ['k', 'a', 'b'].map((letter) => textCell(`${letter}${id}`)),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 60 }),
      fc.constantFrom(0, 300, 1500),
      fc.boolean(),
      async (changes, gatheredBytesMax, isFull) => {
        const rows = isFull ? all : all.slice(0, 2)
        const alone = await outcome(rows, changes, { gatheredBytesMax: 0, isAlone: true })
        // Of a row that is there again whole, nothing needs to be known of before.
        fc.pre(alone !== 'unclear')
        expect(await outcome(rows, changes, { gatheredBytesMax })).toBe(alone)
      },
    ),
    { numRuns: 200 },
  )
})
