// What is known of keys in two spellings is carried from round to round: it changes the work, and never the outcome.
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { EndpointTable } from '../../src/connectors/interface.ts'
import { decimalSpeller } from '../../src/connectors/spelling/spellers.ts'
import type { Path } from '../../src/files/interface.ts'
import { Tree } from '../../src/files/tree.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import type { Io } from '../../src/repo/interface.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { type KeyNames, keyRefs, noNames, readKeyNames } from '../../src/sync/keys/key-names.ts'
import { inKeysThere } from '../../src/sync/keys/respell-there.ts'
import { inKeysOf } from '../../src/sync/keys/respell.ts'
import { emptyTable } from '../../src/sync/tables/empty-table.ts'
import { tableAt } from '../../src/sync/tables/link-tables.ts'
import { editsOf } from '../../src/table/edits.ts'
import { keyText } from '../../src/table/key.ts'
import { writeTable } from '../../src/table/table-object.ts'
import { Table } from '../../src/table/table.ts'

const path = 'prices' as Path
let spelled = 0
const exact = decimalSpeller(2)
const table: EndpointTable = {
  name: 'prices',
  columns: [
    {
      name: 'price',
      type: 'decimal',
      nativeType: 'numeric(10,2)',
      nullable: false,
      generated: false,
      spellings: (text) => {
        spelled++
        return exact(text)
      },
    },
    { name: 'note', type: 'text', nativeType: 'text', nullable: true, generated: false },
  ],
  key: ['price'],
  references: [],
}
const tables = [{ table, path }]

/** From a price, as it is spelled, to a note. */
type Prices = ReadonlyMap<string, string>

describe('keys that an endpoint spells otherwise', () => {
  let io: Io
  beforeEach(() => {
    const writer = MemoryStore.create().writer()
    io = { writer, nodes: new NodeStore(writer) }
    spelled = 0
  })

  async function treeOf(prices: Prices): Promise<Tree> {
    const empty = emptyTable(io, table)
    const made = await Table.of(io.nodes, empty)
    const puts = [...prices].map(([price, note]) => ({ price, note }))
    const edits = await editsOf(made, { puts }, io.writer)
    const rows = (await made.map.mutate(io.writer, edits)).cid
    const entry = {
      kind: 'table',
      executable: false,
      table: writeTable(io.writer, { ...empty, rows }),
    } as const
    return Tree.empty(io.nodes, io.writer).update(io.writer, new Map([[path, entry]]))
  }

  async function keysIn(tree: Tree): Promise<string[]> {
    const found: string[] = []
    const { map, schema } = await Table.of(io.nodes, (await tableAt(io, tree, path))!)
    for await (const { key } of map.entries()) found.push(keyText(schema, key))
    return found
  }

  test('a round spells the keys of changed rows alone', async () => {
    const count = 3000
    const numbers = Array.from({ length: count }, (_, i) => String(i))
    const branch = await treeOf(new Map(numbers.map((price) => [`${price}.5`, 'note'])))
    const prices = new Map(numbers.map((price) => [`${price}.50`, 'note']))
    const first = await inKeysOf(io, tables, await treeOf(prices), [branch, branch])
    expect([first.tree.cid === branch.cid, spelled]).toEqual([true, count])

    spelled = 0
    const stored = await treeOf(new Map([...prices, ['7.50', 'changed there'], ['9999.50', 'new']]))
    const read = await inKeysOf(io, tables, stored, [branch, branch], first.names)
    expect((await keysIn(read.tree)).filter((key) => /^(7|9999)\./.test(key))).toEqual(['7.5', '9999.50'])
    expect(spelled).toBeLessThan(10)

    const notes = new Map([
      ...numbers.map((price) => [`${price}.5`, 'note'] as const),
      ['8.5', 'changed here'],
    ])
    const written = await treeOf(
      new Map([...notes, ['7.5', 'changed there'], ['9999.50', 'new'], ['-1', 'new']]),
    )
    const known = { captured: read.tree, stored, names: read.names }
    const after = await inKeysThere(io, tables, known, written)
    expect((await keysIn(after.tree)).filter((key) => key.startsWith('-1'))).toEqual(['-1.00'])
    expect(spelled).toBeLessThan(20)
  })

  test('keys are spelled only if the endpoint has rows that are not known by their key', async () => {
    const numbers = Array.from({ length: 300 }, (_, i) => String(i))
    const branch = await treeOf(new Map(numbers.map((price) => [`${price}.50`, 'note'])))
    for (const prices of [new Map(), new Map([['7.50', 'note']])]) {
      const stored = await treeOf(prices)
      const { tree, names } = await inKeysOf(io, tables, stored, [branch, branch])
      expect([tree.cid, names.size, spelled]).toEqual([stored.cid, 0, 0])
    }
    const { tree } = await inKeysOf(io, tables, await treeOf(new Map([['7.50', 'a']])), [
      await treeOf(new Map([['7.5', 'a']])),
    ])
    expect(await keysIn(tree)).toEqual(['7.5'])
    expect(spelled).toBeGreaterThan(0)
  })

  /** Of a price, how the branch spells it: an endpoint has '3.00' for all of these. */
  const spellingOf = fc.constantFrom('', '.0', '.00', '.000')
  const priceOf = fc.integer({ min: 0, max: 12 })
  const noteOf = fc.constantFrom('a', 'b', null)
  const roundOf = fc.record({
    there: fc.array(fc.tuple(priceOf, noteOf), { maxLength: 4 }),
    here: fc.array(fc.tuple(priceOf, noteOf, spellingOf), { maxLength: 4 }),
    written: fc.array(fc.tuple(priceOf, noteOf, spellingOf), { maxLength: 4 }),
    agrees: fc.boolean(),
  })

  type Rows = ReadonlyMap<number, readonly [price: string, note: string]>

  function edited(rows: Rows, edits: readonly (readonly [number, string | null, string])[]): Rows {
    const now = new Map(rows)
    for (const [price, note, spelling] of edits)
      if (note === null) now.delete(price)
      else now.set(price, [`${price}${spelling}`, note])
    return now
  }

  test('names that are carried over come to what comparing all keys comes to', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(roundOf, { minLength: 1, maxLength: 5 }), async (rounds) => {
        let [there, here, base]: [Rows, Rows, Rows] = [new Map(), new Map(), new Map()]
        let names: KeyNames = noNames
        for (const round of rounds) {
          there = edited(
            there,
            round.there.map(([price, note]) => [price, note, '.00']),
          )
          here = edited(here, round.here)
          const [stored, branch, common] = [
            await treeOf(new Map(there.values())),
            await treeOf(new Map(here.values())),
            await treeOf(new Map(base.values())),
          ]
          const whole = await inKeysOf(io, tables, stored, [branch, common])
          const carried = await inKeysOf(io, tables, stored, [branch, common], names)
          expect(await keysIn(carried.tree)).toEqual(await keysIn(whole.tree))
          expect([carried.tree.cid, carried.names]).toEqual([whole.tree.cid, whole.names])

          const spellings = await keysIn(carried.tree)
          const captured: Rows = new Map(
            spellings.map((price) => [Number(price), [price, there.get(Number(price))![1]]]),
          )
          const after = edited(captured, round.written)
          const written = await treeOf(new Map(after.values()))
          const before = { captured: carried.tree, stored }
          const anew = await inKeysThere(io, tables, { ...before, names: noNames }, written)
          const onward = await inKeysThere(io, tables, { ...before, names: carried.names }, written)
          expect(await keysIn(onward.tree)).toEqual(await keysIn(anew.tree))
          expect([onward.tree.cid, onward.names]).toEqual([anew.tree.cid, anew.names])
          if (!round.agrees) {
            names = carried.names
            continue
          }
          ;[here, base, names] = [after, after, onward.names]
          there = new Map([...after].map(([price, [, note]]) => [price, [`${price}.00`, note]]))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('what is known of keys is read as it was stored, and stays where nothing has changed', async () => {
    const [stored, branch] = [await treeOf(new Map([['1.50', 'a']])), await treeOf(new Map([['1.5', 'a']]))]
    const { names } = await inKeysOf(io, tables, stored, [branch])
    const [[ref, object]] = keyRefs(io.writer, 'drop', { kept: noNames, now: names }) as [[string, never]]
    expect([ref, await readKeyNames(io.writer, object)]).toEqual(['links/drop/keys', names])
    expect(keyRefs(io.writer, 'drop', { kept: names, now: names })).toEqual([])
    expect(keyRefs(io.writer, 'drop', { kept: names, now: noNames })).toEqual([['links/drop/keys', null]])
  })
})
