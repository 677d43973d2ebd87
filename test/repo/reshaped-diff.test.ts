// A file that becomes a table, or a table that becomes a file again, is compared by rows all the same.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'

const before = 'id,name\n1,Ada\n2,Grace\n'
const after = 'id,name\n1,Ada\n2,Grace H.\n3,Lise\n'

async function ok(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere(args, cwd)
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
  return stdout
}

async function repository(text: string): Promise<{ cwd: string; put: (text: string) => void }> {
  const cwd = path.join(temporaryDir(), 'repo')
  fs.mkdirSync(cwd)
  const put = (changed: string): void => fs.writeFileSync(path.join(cwd, 'people.csv'), changed)
  put(text)
  await ok(cwd, 'init')
  await ok(cwd, 'add', '.')
  await ok(cwd, 'commit', '-m', 'A file')
  return { cwd, put }
}

test('a file that is tracked and edited shows its changed rows, and back again', async () => {
  const { cwd, put } = await repository(before)
  put(after)
  await ok(cwd, 'track', 'people.csv', '--key', 'id')
  const rows = '  ~ id=2  name: Grace -> Grace H.\n  + id=3  name: Lise\n'
  const made = `people.csv (kind changed): 1 row changed, 1 added\n  (a table now)\n${rows}`
  expect(await ok(cwd, 'diff', 'people.csv')).toBe(made)
  expect(await ok(cwd, 'commit', '-am', 'A table')).toContain(
    ' people.csv (kind changed) | 22 bytes -> table, 2 rows +~\n',
  )
  expect(await ok(cwd, 'diff', 'HEAD~1', 'HEAD', '--', 'people.csv')).toBe(made)
  expect(await ok(cwd, 'diff', 'HEAD', 'HEAD~1', '--', 'people.csv')).toBe(
    'people.csv (kind changed): 1 row changed, 1 removed\n  (a plain file now)\n' +
      '  ~ id=2  name: Grace H. -> Grace\n  - id=3  name: Lise\n',
  )
  const { items } = JSON.parse(await ok(cwd, 'diff', '--json', 'HEAD~1', 'HEAD', '--', 'people.csv')) as {
    items: { kind: string; state: string; keyColumns: string[]; rows: object[] }[]
  }
  expect(items).toMatchObject([{ kind: 'table', state: 'typechange', keyColumns: ['id'] }])
  expect(items[0]!.rows).toHaveLength(2)
})

test('a file that is tracked as it is has no changed rows', async () => {
  const { cwd } = await repository(before)
  await ok(cwd, 'track', 'people.csv', '--key', 'id')
  expect(await ok(cwd, 'diff', 'people.csv')).toBe(
    'people.csv (kind changed): no row differs\n  (a table now)\n',
  )
  expect(await ok(cwd, 'commit', '-am', 'A table')).toContain(
    ' people.csv (kind changed) | 22 bytes -> table\n',
  )
})

test('a file that cannot be read as the table it became is compared by size', async () => {
  const { cwd, put } = await repository('id,name\n1,Ada\n1,Grace\n')
  put(after)
  await ok(cwd, 'track', 'people.csv', '--key', 'id')
  expect(await ok(cwd, 'diff', 'people.csv')).toBe('people.csv (kind changed): 22 B -> table\n')
})
