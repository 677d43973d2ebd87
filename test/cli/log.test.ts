// `varve log` with changes and filters.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { parseMoment } from '../../src/base/moment.ts'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve } from './varve.ts'

const cwd = temporaryDir()

function put(file: string, text: string): void {
  writeFileSync(path.join(cwd, file), text)
}

function table(first: string, second: string): string {
  return `id,city\n1,${first}\n2,${second}\n3,Oslo\n4,Roma\n5,Bern\n`
}

async function commit(message: string, date: string, author = 'Ada <ada@example.org>'): Promise<void> {
  const env = { VARVE_AUTHOR_DATE: date }
  await ok(['commit', '-am', message, '--author', author], { cwd, env })
}

async function subjects(...args: string[]): Promise<string> {
  const { items } = await json<{ items: { message: string }[] }>(['log', ...args], { cwd })
  return items.map(({ message }) => message.trim()).join(', ')
}

beforeAll(async () => {
  await ok(['init'], { cwd })
  put('people.csv', table('London', 'Wien'))
  put('notes.md', 'one\n')
  await ok(['track', 'people.csv', '--key', 'id'], { cwd })
  await ok(['add', '.'], { cwd })
  await commit('Begin', '2026-01-01T00:00:00Z')
  await ok(['switch', '-qc', 'side'], { cwd })
  put('people.csv', table('London', 'Vienna'))
  put('notes.md', 'one\ntwo\n')
  await commit('Translate Wien', '2026-02-01T00:00:00Z', 'Grace <grace@example.org>')
  await ok(['switch', '-q', 'main'], { cwd })
  await ok(['mv', 'people.csv', 'persons.csv'], { cwd })
  put('persons.csv', table('Paris', 'Wien'))
  await commit('Move to Paris', '2026-03-01T00:00:00Z')
  await ok(['merge', '-q', 'side', '-m', 'Merge side'], {
    cwd,
    env: { VARVE_AUTHOR_DATE: '2026-04-01T00:00:00Z' },
  })
})

test('-p shows what each commit changed', async () => {
  expect(await ok(['log', '-p', '-1', 'side'], { cwd })).toMatch(
    /\n {4}Translate Wien\n\ndiff --git a\/notes.md b\/notes.md\n--- a\/notes.md\n\+\+\+ b\/notes.md\n@@ -1,1 \+1,2 @@\n one\n\+two\npeople.csv: 1 row changed\n {2}~ id=2 {2}city: Wien -> Vienna\n$/,
  )
})

test('of a path it shows the path alone, under the name that it had', async () => {
  const oneline = await ok(['log', '-p', '--oneline', '--no-merges', 'persons.csv'], { cwd })
  expect(oneline.replaceAll(/^[0-9a-f]{8} /gm, '')).toBe(
    `Move to Paris
people.csv => persons.csv: 1 row changed
  ~ id=1  city: London -> Paris
(side) Translate Wien
people.csv: 1 row changed
  ~ id=2  city: Wien -> Vienna
Begin
people.csv (new): 5 rows added
  + id=1  city: London
  + id=2  city: Wien
  + id=3  city: Oslo
  + id=4  city: Roma
  + id=5  city: Bern
`,
  )
  const stat = await ok(['log', '--stat', '--oneline', '-1', 'persons.csv'], { cwd })
  expect(stat).toContain('1 path changed')
})

test('as JSON each commit carries its changes', async () => {
  const { items } = await json<{ items: object[] }>(['log', '-p', '--stat', 'persons.csv'], { cwd })
  expect(items).toHaveLength(4)
  expect(items[1]).toMatchObject({
    message: 'Move to Paris',
    paths: ['persons.csv', 'people.csv'],
    stat: [{ path: 'persons.csv', from: 'people.csv', rows: { changed: 1 } }],
    changes: { items: [{ path: 'persons.csv', rows: [{ cells: [{ column: 'city', after: 'Paris' }] }] }] },
  })
  expect((await json<{ items: object[] }>(['log', '--stat'], { cwd })).items[2]).toMatchObject({
    stat: [{ path: 'notes.md' }, { path: 'people.csv' }],
  })
  expect(await json(['log', '-p', '--author', 'nobody'], { cwd })).toEqual({ items: [] })
})

test('filters by author, message, date and merges', async () => {
  expect(await subjects('-i', '--author', 'GRACE@')).toBe('Translate Wien')
  expect(await subjects('-i', '--grep', 'paris')).toBe('Move to Paris')
  expect(await subjects('--since', '2026-02-01T00:00:00Z', '--until', '2026-03-15')).toBe(
    'Move to Paris, Translate Wien',
  )
  expect(await subjects('--merges')).toBe('Merge side')
  expect(await subjects('--no-merges', '-2')).toBe('Move to Paris, Translate Wien')
  expect(await subjects('--until', '5000 days ago')).toBe('')
  expect(await subjects('--author', 'ada', 'notes.md')).toBe('Begin')
})

test('filters of a row', async () => {
  expect(await subjects('persons.csv', '--key', '2')).toBe('Translate Wien, Begin')
  expect(await subjects('persons.csv', '--key', '2', '--author', 'grace')).toBe('Translate Wien')
  // Nothing passes, but the row is known.
  expect(await subjects('persons.csv', '--key', '2', '--author', 'nobody')).toBe('')
})

test('what cannot be shown together is refused', async () => {
  for (const args of [
    ['--graph', '-p'],
    ['--graph', '--since', '2026-01-01'],
    ['--merges', '--no-merges'],
    ['--links', '-p'],
  ]) {
    const { code, stderr } = await varve(['log', ...args], { cwd })
    expect([code, stderr]).toEqual([2, expect.stringContaining('exclude each other')])
  }
  expect((await varve(['log', '--since', 'soon'], { cwd })).stderr).toContain("date 'soon' is not understood")
})

test('moments are told as people do', () => {
  const now = Date.UTC(2026, 2, 31, 12)
  expect(parseMoment('yesterday', now)).toBe(Date.UTC(2026, 2, 30, 12))
  expect(parseMoment('90 minutes ago', now)).toBe(Date.UTC(2026, 2, 31, 10, 30))
  expect(parseMoment('2.weeks.ago', now)).toBe(Date.UTC(2026, 2, 17, 12))
  expect(parseMoment('1 year ago', now)).toBe(
    new Date(2025, 2, new Date(now).getDate(), new Date(now).getHours()).getTime(),
  )
  expect(parseMoment('2026-01-01T00:00:00Z', now)).toBe(Date.UTC(2026, 0, 1))
})
