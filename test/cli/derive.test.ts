// Derived tables through the command line.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { varve as run } from './varve.ts'

test('a derived table is computed, committed, shown and exported', async () => {
  const cwd = temporaryDir()
  const varve = (...args: string[]) => run(args, { cwd })
  await varve('init')
  writeFileSync(path.join(cwd, 'people.csv'), 'id,city\n1,London\n2,Paris\n3,London\n')
  expect((await varve('track', 'people.csv', '--key', 'id')).code).toBe(0)
  expect((await varve('derive')).stderr).toContain('declares no derived tables')
  writeFileSync(
    path.join(cwd, 'varve.yaml'),
    'tables: { people.csv: { key: id } }\nderive: { cities: { from: [people.csv], sql: SELECT city AS name FROM people GROUP BY city, key: name } }\n',
  )
  await varve('add', '.')
  await varve('commit', '-m', 'people')
  expect((await varve('derive', '--dry-run')).stdout).toBe('cities  would change  2 rows  read 3 rows\n')
  // What the dry run read is known by now.
  const derived = await varve('derive', 'cities')
  expect(derived.code).toBe(0)
  expect(derived.stdout).toMatch(/^cities {2}changed {2}2 rows\ncommitted as [0-9a-f]{7,}\n$/)
  expect((await varve('show', '--stat')).stdout).toMatch(/^Derived cities from people\.csv \([0-9a-f]+\)$/m)
  expect((await varve('export', 'cities', '--format', 'csv')).stdout).toBe('name\nLondon\nParis\n')
  expect((await varve('status')).stdout).not.toContain('cities')
  const again = await varve('derive', '--json')
  expect(JSON.parse(again.stdout)).toMatchObject({ commit: null, tables: [{ outcome: 'unchanged' }] })
  expect((await varve('derive', 'nothing')).code).not.toBe(0)
  expect((await varve('fsck')).code).toBe(0)
})
