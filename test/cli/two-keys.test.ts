// A merge of two keys of one table, settled with the rows of the side that has the older key.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'

test('status and diff both tell that the next add makes the table by the key of varve.yaml', async () => {
  const cwd = temporaryDir()
  const run = async (...args: string[]): Promise<string> => (await runHere(args, cwd)).stdout
  const put = (name: string): void =>
    fs.writeFileSync(path.join(cwd, 'p.csv'), `id,code,name\n1,a,${name}\n2,b,Bea\n`)
  put('Ada')
  await run('init')
  await run('track', 'p.csv', '--key', 'id')
  await run('add', '.')
  await run('commit', '-m', 'by id')
  await run('switch', '-c', 'other')
  await run('track', 'p.csv', '--key', 'code')
  await run('commit', '-am', 'by code')
  await run('switch', 'main')
  put('Ada!')
  await run('commit', '-am', 'an edit')
  expect(await run('merge', 'other')).toContain('1 conflict in 1 path')
  await run('resolve', 'p.csv', '--ours')
  expect(await run('status', '--short')).toBe(' T p.csv\nM  varve.yaml\n')
  expect(await run('diff')).toContain('* key changed')
  await run('add', 'p.csv')
  expect(await run('diff')).toBe('')
  expect(await run('status', '--short')).toBe('M  p.csv\nM  varve.yaml\n')
})
