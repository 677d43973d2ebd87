import { describe, expect, test } from 'vitest'
import { addTables, removeTable, renameTables } from '../../src/worktree/config-edit.ts'
import { stage } from '../../src/worktree/add.ts'
import { parseConfig } from '../../src/dataset/config.ts'
import { read, worktreeWith } from './folder.ts'

describe('varve.yaml', () => {
  test('gives a path its own setting before a pattern, and the last pattern before others', () => {
    const config = parseConfig(`
tables:
  'data/**/*.csv': {key: [a, b]}
  data/x.csv: {key: id, format: tsv}
  '*.csv': {key: c}
  'data/z*.csv':
    key: 2024
`)
    expect(config.tableAt('data/x.csv')).toEqual({ key: ['id'], format: 'tsv' })
    expect(config.tableAt('data/deep/y.csv')).toEqual({ key: ['a', 'b'], format: null })
    expect(config.tableAt('data/z1.csv')).toEqual({ key: ['2024'], format: null })
    expect(config.tableAt('top.csv')).toEqual({ key: ['c'], format: null })
    expect(config.tableAt('data/y.txt')).toBe(null)
  })

  test('gives the merge policies of a table, and of all tables where it says nothing', () => {
    const config = parseConfig(`
merge: {default: theirs, columns: {n: max}}
tables:
  a.csv:
    key: id
    merge:
      rows: keep-edit
      columns: {n: sum, 2024: newest(at), tags: 'union(,)'}
  b.csv: {key: id}
`)
    expect(config.policiesAt('a.csv')).toEqual({
      default: { kind: 'theirs' },
      rows: 'keep-edit',
      columns: new Map<string, unknown>([
        ['n', { kind: 'sum' }],
        ['2024', { kind: 'newest', column: 'at' }],
        ['tags', { kind: 'union', separator: ',' }],
      ]),
    })
    expect(config.policiesAt('b.csv')?.columns.get('n')).toEqual({ kind: 'max' })
    expect(parseConfig('tables: {b.csv: {key: id}}').policiesAt('b.csv')).toBe(null)
  })

  test('nothing, or no tables, is no setting', () => {
    for (const text of ['', '# only a comment\n', 'tables:\n', '{}'])
      expect(parseConfig(text).isEmpty).toBe(true)
  })

  test.each([
    ['- a\n', 1, 'not a map'],
    ['tables:\n  a.csv: {key: id}\ntabels: {}\n', 3, "unknown section 'tabels'"],
    ['tables:\n  a.csv:\n    kye: id\n', 3, "unknown setting 'kye'"],
    [
      'tables:\n  a.csv:\n    key: a\n    references: b.csv\n',
      4,
      "'references' is not a map from column to table",
    ],
    [
      'tables:\n  a.csv:\n    key: a\n    references:\n      b: [c.csv]\n',
      5,
      "column 'b' does not refer to one table",
    ],
    [
      'tables:\n  a.csv:\n    key: a\n    references: {b: "*.csv"}\n',
      4,
      "column 'b' does not refer to one table",
    ],
    ['tables:\n  a.csv:\n    format: csv\n', 2, 'no key'],
    ['tables:\n  a.csv:\n    key: []\n', 3, 'not a column'],
    ['tables:\n  a.csv:\n    key: [a, a]\n', 3, 'twice'],
    ['tables:\n  a.csv:\n    key: a\n    format: xls\n', 4, "unknown format 'xls'"],
    ['tables:\n  a.csv: {key: a}\n  a.csv: {key: b}\n', 3, 'unique'],
    ['merge: max\n', 1, "'merge' is not a map"],
    [
      'tables:\n  a.csv:\n    key: a\n    merge:\n      columns:\n        b: maxx\n',
      6,
      "unknown policy 'maxx'",
    ],
    ['tables:\n  a.csv:\n    key: a\n    merge:\n      colums: {}\n', 5, "unknown setting 'colums'"],
    ['tables:\n  a.csv:\n    key: a\n    merge: {rows: max}\n', 4, "unknown policy 'max'"],
    ['tables:\n  a.csv:\n    key: a\n    merge: {default: [max]}\n', 4, 'one word'],
    ['merge: {default: newest()}\n', 1, "unknown policy 'newest()'"],
    ['rules: {a.csv: {}}\n', 1, "unknown section 'rules'"],
    ['tables:\n  a.csv:\n    key: a\n    rules: {colums: {}}\n', 4, "unknown setting 'colums' of 'rules'"],
    [
      'tables:\n  a.csv:\n    key: a\n    rules:\n      columns:\n        b: {requird: true}\n',
      6,
      "unknown rule 'requird'",
    ],
    [
      'tables:\n  a.csv:\n    key: a\n    rules:\n      columns:\n        b:\n          min: x\n',
      7,
      "'min' is not a number",
    ],
    [
      'tables:\n  a.csv:\n    key: a\n    rules: {columns: {b: {unique: 1}}}\n',
      4,
      "'unique' is true or false",
    ],
    [
      'tables:\n  a.csv:\n    key: a\n    rules: {columns: {b: {type: integer}}}\n',
      4,
      "unknown type 'integer'",
    ],
    ['tables:\n  a.csv:\n    key: a\n    rules: {columns: {b: {values: []}}}\n', 4, "'values' is not a list"],
    [
      'tables:\n  a.csv:\n    key: a\n    rules: {columns: {b: {level: fatal}}}\n',
      4,
      "unknown level 'fatal'",
    ],
    [
      'tables:\n  a.csv:\n    key: a\n    rules: {columns: {b: {references: "*.csv"}}}\n',
      4,
      'does not name one table',
    ],
    ['tables:\n  a.csv:\n    key: a\n    rules: {rows: {min: -1}}\n', 4, 'not a count of rows'],
    ['tables:\n  a.csv:\n    key: a\n    rules: {rows: {min: 2, max: 1}}\n', 4, "above its 'max'"],
    ['tables: {\n', 2, ''],
    ['tables:\n  a.csv: &x {key: a}\n  b.csv: *x\n', 3, 'not a map'],
  ])('%j is refused at line %i', (text, line, words) => {
    expect(() => parseConfig(text)).toThrow(
      expect.objectContaining({
        code: 'VARVE_RULE_VIOLATED',
        message: expect.stringContaining(words),
        data: { path: 'varve.yaml', line },
      }),
    )
  })

  test('is edited without losing comments or order', () => {
    const worktree = worktreeWith({
      'varve.yaml': '# our data\ntables:\n  # people\n  people.csv:\n    key: id # stable\nmerge: {}\n',
    })
    addTables(worktree.root, ['b.csv'], { key: ['x', 'y'], format: 'csv' })
    expect(read(worktree, 'varve.yaml')).toBe(
      '# our data\ntables:\n  # people\n  people.csv:\n    key: id # stable\n  b.csv:\n    key: [ x, y ]\n    format: csv\nmerge: {}\n',
    )
    renameTables(worktree.root, new Map([['people.csv', 'staff.csv']]))
    removeTable(worktree.root, 'b.csv')
    expect(read(worktree, 'varve.yaml')).toBe(
      '# our data\ntables:\n  # people\n  staff.csv:\n    key: id # stable\nmerge: {}\n',
    )
    expect(() => removeTable(worktree.root, 'b.csv')).toThrow(
      expect.objectContaining({ code: 'VARVE_PATH_NOT_FOUND' }),
    )
  })

  test('tells which columns refer to which table, and follows that table when it moves', () => {
    const text =
      'tables:\n  b.csv:\n    key: id\n    references:\n      a: a.csv # the one\n      2024: c.csv\n'
    expect([...parseConfig(text).referencesAt('b.csv')]).toEqual([
      ['a', 'a.csv'],
      ['2024', 'c.csv'],
    ])
    expect(parseConfig(text).referencesAt('a.csv').size).toBe(0)
    const worktree = worktreeWith({ 'varve.yaml': text })
    renameTables(worktree.root, new Map([['a.csv', 'd/a.csv']]))
    expect(read(worktree, 'varve.yaml')).toBe(text.replace('a.csv #', 'd/a.csv #'))
  })

  test('lets rules follow a table that moves', () => {
    const text =
      'tables:\n  b.csv:\n    key: id\n    rules:\n      columns:\n        a:\n          references: a.csv # the one\n'
    const worktree = worktreeWith({ 'varve.yaml': text })
    renameTables(worktree.root, new Map([['a.csv', 'd/a.csv']]))
    expect(read(worktree, 'varve.yaml')).toBe(text.replace('a.csv #', 'd/a.csv #'))
  })

  test('keeps the policies of a table that gets another key', () => {
    const worktree = worktreeWith({
      'varve.yaml': 'tables:\n  a.csv:\n    key: id\n    merge: { columns: { n: max } } # counted\n',
    })
    addTables(worktree.root, ['a.csv'], { key: ['x', 'y'], format: null })
    expect(read(worktree, 'varve.yaml')).toBe(
      'tables:\n  a.csv:\n    key: [ x, y ]\n    merge: { columns: { n: max } } # counted\n',
    )
  })

  test.each([undefined, '', '# only a comment\n', 'tables:\n', 'links: {}\n'])(
    'has no entry to take out: %j',
    (text) => {
      const { root } = worktreeWith(text === undefined ? {} : { 'varve.yaml': text })
      expect(() => removeTable(root, 'a.csv')).toThrow("'a.csv' is not tracked as a table")
    },
  )

  test('is made when there is none', () => {
    const worktree = worktreeWith()
    addTables(worktree.root, ['a b.csv'], { key: ['id'], format: null })
    expect(read(worktree, 'varve.yaml')).toBe('tables:\n  a b.csv:\n    key: id\n')
    expect(parseConfig(read(worktree, 'varve.yaml')).tableAt('a b.csv')).toEqual({
      key: ['id'],
      format: null,
    })
  })

  // /dev/zero has no end, and its size is 0.
  test.each(['/dev/zero', 'other.yaml'])('is not followed to where a symlink leads: %s', async (target) => {
    const worktree = worktreeWith({ 'a.csv': 'id\n1\n', 'other.yaml': '', 'varve.yaml': `-> ${target}` })
    await expect(stage(worktree, ['a.csv'])).rejects.toMatchObject({ code: 'VARVE_RULE_VIOLATED' })
  })
})
