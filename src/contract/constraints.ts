// Rules of the system: rows that break one are found, and a plan whose end breaks none goes through, whatever has to
// happen in between.
import fc from 'fast-check'
import { expect } from 'vitest'
import { type Change, apply, heldBack, insert, remove, update } from './plans.ts'
import { type PlainRow, type TableShape, people, person } from './fixture.ts'
import type { Suite } from './connector.ts'

/** Who sits where: every seat once, in every room each number once. */
const seats: TableShape = {
  name: 'seats',
  key: ['id'],
  unique: [['seat'], ['room', 'number']],
  columns: [
    { name: 'id', type: 'int' },
    { name: 'seat', type: 'name' },
    { name: 'room', type: 'name' },
    { name: 'number', type: 'int' },
  ],
}

function seat(id: number, at: string, number = id): PlainRow {
  return { id: String(id), seat: at, room: 'r', number: String(number) }
}

const [a, b, c] = [seat(1, 'a'), seat(2, 'b'), seat(3, 'c')]

const parent: TableShape = {
  name: 'parent',
  key: ['id'],
  columns: [
    { name: 'id', type: 'int' },
    { name: 'boss', type: 'int', nullable: true, references: 'parent' },
  ],
}

function child(onDelete?: 'cascade' | 'set null'): TableShape {
  const action = onDelete === undefined ? {} : { onDelete }
  return {
    name: 'child',
    key: ['id'],
    columns: [
      { name: 'id', type: 'int' },
      { name: 'parent', type: 'int', nullable: true, references: 'parent', ...action },
    ],
  }
}

export function constraintTests({ promise }: Suite): void {
  promise(
    'rows that the system refuses are found by key, and nothing is written',
    ['checks'],
    async (bench) => {
      const { endpoint, connector } = bench
      await endpoint.create(people)
      await endpoint.write({ table: 'people', put: person(1, 'Ada', 36) })
      const rows = Array.from({ length: 700 }, (_, i) => person(10 + i, 'x', i % 233 === 7 ? 150 : i % 150))
      const changes = [
        update('people', person(1, 'Ada', 36), person(1, 'Ada', 999)),
        ...rows.map((row) => insert('people', row)),
      ]
      expect(heldBack(await apply(connector, changes))).toBe(
        'rejected 1; rejected 17; rejected 250; rejected 483',
      )
      expect(await endpoint.rows('people')).toEqual([person(1, 'Ada', 36)])
    },
  )

  promise(
    'a row without a value that it must have is refused',
    ['checks'],
    async ({ endpoint, connector }) => {
      await endpoint.create(seats)
      expect(
        heldBack(await apply(connector, [insert('seats', { ...a, seat: null }), insert('seats', b)])),
      ).toBe('rejected 1')
      expect(await endpoint.rows('seats')).toEqual([])
    },
  )

  const swaps: readonly (readonly [string, readonly PlainRow[], readonly PlainRow[]])[] = [
    ['two rows exchange a unique value', [a, b], [seat(1, 'b'), seat(2, 'a')]],
    ['three rows pass a unique value on in a circle', [a, b, c], [seat(1, 'b'), seat(2, 'c'), seat(3, 'a')]],
    ['a row takes the unique value that another gives up', [a, b], [seat(1, 'b'), seat(2, 'z')]],
    ['a new row takes the unique value of one that is deleted', [a, b], [b, seat(3, 'a')]],
    ['a new row takes the unique value that another gives up', [a, b], [seat(1, 'z'), b, seat(3, 'a')]],
    ['a row takes the unique value of one that is deleted', [a, b], [seat(1, 'b')]],
    ['two rows exchange half of a unique pair', [a, b], [seat(1, 'a', 2), seat(2, 'b', 1)]],
    ['all rows move up by one', [a, b, c], [seat(1, 'a', 2), seat(2, 'b', 3), seat(3, 'c', 4)]],
    ['all rows move down by one', [a, b, c], [seat(1, 'a', 0), seat(2, 'b', 1), seat(3, 'c', 2)]],
  ]
  for (const [what, before, after] of swaps) {
    promise(`${what}, in one plan`, ['unique swaps'], async ({ endpoint, connector }) => {
      await endpoint.create(seats)
      await endpoint.write(...before.map((put) => ({ table: 'seats', put })))
      expect(heldBack(await apply(connector, difference('seats', before, after)))).toBe('nothing')
      expect(await endpoint.rows('seats')).toEqual(after)
    })
  }

  promise(
    'a thousand rows move on by one in a unique column',
    ['unique swaps'],
    async ({ endpoint, connector }) => {
      await endpoint.create(seats)
      const before = Array.from({ length: 1_200 }, (_, id) => seat(id, `s${id}`))
      const after = before.map((_, id) => seat(id, `s${id + 1}`, id + 1))
      expect(
        heldBack(
          await apply(
            connector,
            before.map((row) => insert('seats', row)),
          ),
        ),
      ).toBe('nothing')
      expect(heldBack(await apply(connector, difference('seats', before, after)))).toBe('nothing')
      expect(await endpoint.rows('seats')).toEqual(after)
    },
  )

  promise(
    'a unique value that a row outside the plan has is refused for the row that wants it',
    ['unique'],
    async (bench) => {
      const { endpoint, connector } = bench
      await endpoint.create(seats)
      await endpoint.write(...[a, b, c].map((put) => ({ table: 'seats', put })))
      const changes = [
        update('seats', a, seat(1, 'b')),
        update('seats', c, seat(3, 'z')),
        insert('seats', seat(4, 'y')),
      ]
      expect(heldBack(await apply(connector, changes))).toBe('rejected 1')
      expect(await endpoint.rows('seats')).toEqual([a, b, c])
    },
  )

  promise(
    'of rows that exchange a unique value, one that was changed meanwhile is left alone',
    ['unique'],
    async (bench) => {
      const { endpoint, connector } = bench
      await endpoint.create(seats)
      await endpoint.write(...[a, b, c].map((put) => ({ table: 'seats', put })))
      await endpoint.write({ table: 'seats', put: { ...b, room: 'theirs' } })
      const before = await endpoint.rows('seats')
      const applied = await apply(connector, difference('seats', [a, b], [seat(1, 'b'), seat(2, 'a')]))
      expect(heldBack(applied)).toMatch(/^changed 2$|^changed 2; rejected 1$/)
      expect(await endpoint.rows('seats')).toEqual(before)
    },
  )

  promise(
    'any state of a table with unique columns is brought to any other',
    ['unique swaps'],
    async (bench) => {
      const { endpoint, connector } = bench
      await endpoint.create(seats)
      const state = fc
        .tuple(
          fc.shuffledSubarray([1, 2, 3, 4, 5, 6]),
          fc.shuffledSubarray(['a', 'b', 'c', 'd', 'e', 'f'], { minLength: 6 }),
          fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: 6 }),
        )
        .map(([ids, places, numbers]) =>
          ids.toSorted((x, y) => x - y).map((id, i) => seat(id, places[i]!, numbers[i]!)),
        )
      let before: readonly PlainRow[] = []
      await fc.assert(
        fc.asyncProperty(state, async (after) => {
          expect(heldBack(await apply(connector, difference('seats', before, after)))).toBe('nothing')
          expect(await endpoint.rows('seats')).toEqual(after)
          before = after
        }),
        { numRuns: 40, endOnFailure: true },
      )
    },
  )

  promise(
    'parents come before children and go after them, in one table too',
    ['foreign keys'],
    async (bench) => {
      const { endpoint, connector } = bench
      await endpoint.create(parent, child())
      const rows = [
        insert('child', { id: '1', parent: '3' }),
        insert('parent', { id: '1', boss: '2' }),
        insert('parent', { id: '2', boss: '3' }),
        insert('parent', { id: '3', boss: null }),
      ]
      expect(heldBack(await apply(connector, rows))).toBe('nothing')
      const gone = rows.map(({ table, after }) => remove(table, after!)).toReversed()
      expect(heldBack(await apply(connector, gone))).toBe('nothing')
      expect(await endpoint.rows('parent')).toEqual([])
    },
  )

  for (const action of [undefined, 'cascade', 'set null'] as const) {
    const name = action === undefined ? '' : ` (on delete ${action})`
    promise(
      `a child goes over to another parent while its own is deleted${name}`,
      ['foreign keys', 'cascades'],
      async (bench) => {
        const { endpoint, connector } = bench
        await endpoint.create(parent, child(action))
        await endpoint.write({ table: 'parent', put: { id: '1', boss: null } })
        await endpoint.write({ table: 'child', put: { id: '1', parent: '1' } })
        const changes = [
          remove('parent', { id: '1', boss: null }),
          insert('parent', { id: '2', boss: null }),
          update('child', { id: '1', parent: '1' }, { id: '1', parent: '2' }),
        ]
        expect(heldBack(await apply(connector, changes))).toBe('nothing')
        expect(await endpoint.rows('child')).toEqual([{ id: '1', parent: '2' }])
        expect(await endpoint.rows('parent')).toEqual([{ id: '2', boss: null }])
      },
    )
  }

  promise(
    'a row whose parent is missing is refused by its key',
    ['foreign keys'],
    async ({ endpoint, connector }) => {
      await endpoint.create(parent, child())
      const changes = [
        insert('parent', { id: '1', boss: null }),
        insert('child', { id: '1', parent: '1' }),
        insert('child', { id: '2', parent: '9' }),
      ]
      expect(heldBack(await apply(connector, changes))).toBe('rejected 2')
      expect(await endpoint.rows('parent')).toEqual([])
    },
  )
}

/** What brings the one state to the other, by `id`. */
function difference(table: string, before: readonly PlainRow[], after: readonly PlainRow[]): Change[] {
  const old = new Map(before.map((row) => [row['id'], row]))
  const now = new Map(after.map((row) => [row['id'], row]))
  return [
    ...before.flatMap((row) => (now.has(row['id']) ? [] : [remove(table, row)])),
    ...after.flatMap((row) => {
      const known = old.get(row['id'])
      if (known === undefined) return [insert(table, row)]
      return JSON.stringify(known) === JSON.stringify(row) ? [] : [update(table, known, row)]
    }),
  ]
}
