// Rows that did not come from the file leave its table with types and rules of quoting that a reader would not guess. The
// file has the table's bytes all the same: nothing has changed, whoever is asked.
import { expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { collect } from '../../src/base/iterables.ts'
import { loadTable, markTable } from '../../src/table/table-object.ts'
import { withWriter } from '../../src/repo/context.ts'
import { stage } from '../../src/worktree/add.ts'
import { readIndex, updateIndex } from '../../src/worktree/index-state.ts'
import fs from 'node:fs'
import path from 'node:path'
import { author } from '../api/people.ts'
import { temporaryDir } from '../support/temporary.ts'
import { commit, worktreeWith, write } from './folder.ts'

const edit = (repo: Repository, name: string, text: string): void =>
  fs.writeFileSync(path.join(repo.root!, name), text)

async function told(repo: Repository): Promise<unknown[]> {
  const { unstaged } = await repo.status()
  const diffs = await collect(repo.diff())
  const { staged } = await repo.add(['.'], { dryRun: true })
  return [unstaged, diffs, staged].map((paths) => paths.map((one) => one.path))
}

test.each([
  [
    'a value of another type',
    { id: 3, born: 'unknown' },
    'id,born\n1,1990-01-01\n2,1991-01-01\n3,unknown\n',
    ['int', 'text'],
  ],
  [
    'a key of another type',
    { id: 'x', born: '1990-01-01' },
    'id,born\n1,1990-01-01\n2,1991-01-01\nx,1990-01-01\n',
    ['int', 'date'],
  ],
])('%s, put in by a program, is a change to nobody until the file is edited', async (_, row, text, types) => {
  await using repo = await Repository.init(temporaryDir(), { author })
  edit(repo, 'people.csv', 'id,born\n1,1990-01-01\n2,1991-01-01\n')
  await repo.track('people.csv', { key: ['id'] })
  await repo.add(['.'])
  await repo.commit({ message: 'People' })
  await repo.transaction('main', (tx) => tx.table('people').put(row))
  await repo.switch('main')
  expect(fs.readFileSync(path.join(repo.root!, 'people.csv'), 'utf8')).toBe(text)
  expect(await told(repo)).toEqual([[], [], []])

  edit(repo, 'people.csv', text.replace('2,', '4,'))
  expect(await told(repo)).toEqual([['people.csv'], ['people.csv'], ['people.csv']])
  edit(repo, 'people.csv', text)
  expect(await told(repo)).toEqual([[], [], []])
  edit(repo, 'people.csv', text.replace('2,', '4,'))
  await repo.add(['.'])
  await repo.commit({ message: 'Edited' })
  const { columns } = await (await repo.at('main')).table('people').open()
  expect(columns.map(({ type }) => type)).toEqual(types)
})

test('an edited file stays what was made of a masked table', async () => {
  const worktree = worktreeWith({ 'people.csv': 'id,name\n1,***\n' })
  write(worktree, { 'varve.yaml': 'tables: { people.csv: { key: id } }\n' })
  await stage(worktree, ['.'])
  const sources = [{ endpoint: 'ab'.repeat(32), table: 'people', link: 'shop' }]
  await withWriter(worktree.repo, async (writer, nodes) => {
    const entry = await (await readIndex(worktree)).index.get('people.csv')
    if (entry?.kind !== 'table') throw new Error('no table')
    const edits = new Map([
      ['people.csv', { ...entry, table: await markTable({ writer, nodes }, entry.table, sources) }],
    ])
    await updateIndex(worktree, { writer, nodes, edits, operation: 'add', gcEpoch: null })
  })
  await commit(worktree)
  for (const text of ['id,name\n1,***\n2,Bob\n', 'id,name\n2,Bob\n']) {
    write(worktree, { 'people.csv': text })
    await stage(worktree, ['people.csv'])
    const entry = await (await readIndex(worktree)).index.get('people.csv')
    if (entry?.kind !== 'table') throw new Error('no table')
    const table = await loadTable(worktree.repo.nodes.reader, entry.table)
    expect(table.oneWay).toEqual(sources)
  }
})
