// News of very many paths are cut to the first hundred, and say so; what was asked for is whole.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runHere } from '../support/run-here.ts'
import { temporaryDir } from '../support/temporary.ts'

const many = 130

async function said(dir: string, ...args: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runHere(args, dir)
  if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
  return stdout.split('\n').slice(0, -1)
}

function write(dir: string, folder: string, text: (i: number) => string): void {
  fs.mkdirSync(path.join(dir, folder), { recursive: true })
  for (let i = 0; i < many; i++) fs.writeFileSync(path.join(dir, folder, `${1000 + i}.txt`), text(i))
}

async function repository(): Promise<string> {
  const dir = path.join(temporaryDir(), 'repo')
  fs.mkdirSync(dir)
  await said(dir, 'init')
  write(dir, 'images/first', (i) => `image ${i}\n`.repeat(i + 1))
  await said(dir, 'add', '.')
  return dir
}

test('a commit tells the first paths, the sums of all, and where all are listed', async () => {
  const dir = await repository()
  const lines = await said(dir, 'commit', '-m', 'First')
  expect(lines).toHaveLength(1 + 100 + 2)
  expect(lines.slice(-2)).toEqual([
    "  and 30 more: 'varve show --stat' lists all",
    ' 130 paths changed, 8515 lines added',
  ])
  expect((await said(dir, 'show', '--stat', '--format=')).filter((line) => line.includes('|'))).toHaveLength(
    many,
  )
  write(dir, 'images/first', () => 'another\n')
  expect(await said(dir, 'commit', '-v', '-am', 'Second')).toHaveLength(1 + many + 1)
})

test('a merge tells conflicts first, and of each path what became of it', async () => {
  const dir = await repository()
  await said(dir, 'commit', '-m', 'First')
  await said(dir, 'switch', '-c', 'theirs')
  write(dir, 'images/more', (i) => `more ${i}\n`)
  fs.rmSync(path.join(dir, 'images/first/1001.txt'))
  fs.writeFileSync(path.join(dir, 'images/first/1129.txt'), 'theirs\n')
  fs.writeFileSync(path.join(dir, 'images/first/1000.txt'), 'theirs\n')
  await said(dir, 'add', '.')
  await said(dir, 'commit', '-m', 'Theirs')
  await said(dir, 'switch', 'main')
  const forward = await said(dir, 'merge', 'theirs')
  expect([forward[1], forward[2], forward[4]]).toEqual([
    '  updated  images/first/1000.txt',
    '  deleted  images/first/1001.txt',
    '  added    images/more/1000.txt',
  ])
  expect(forward.at(-1)).toBe("  and 33 more: 'varve diff --stat HEAD@{1}' lists all")
  expect((await said(dir, 'diff', '--stat', 'HEAD@{1}')).length).toBe(many + 3 + 1)

  await said(dir, 'undo')
  fs.writeFileSync(path.join(dir, 'images/first/1129.txt'), 'ours\n')
  await said(dir, 'commit', '-am', 'Ours')
  const { code, stdout } = await runHere(['merge', 'theirs'], dir)
  const merged = stdout.split('\n').slice(0, -1)
  expect([code, merged[1]]).toEqual([21, '  conflict  images/first/1129.txt  1 conflict'])
  expect(merged.slice(2, 4)).toEqual([
    '  updated   images/first/1000.txt',
    '  deleted   images/first/1001.txt',
  ])
  expect(merged.at(-1)).toBe("  and 33 more: 'varve status' lists all")
  expect(await said(dir, 'status')).toContain('  added      images/more/1129.txt')
})

test('rm tells the first paths; a dry run, which was asked, all', async () => {
  const dir = await repository()
  await said(dir, 'commit', '-m', 'First')
  expect(await said(dir, 'rm', '-r', '--dry-run', 'images')).toHaveLength(many)
  const lines = await said(dir, 'rm', '-r', 'images')
  expect([lines.length, lines[0], lines.at(-1)]).toEqual([
    101,
    'removed images/first/1000.txt',
    "  and 30 more: 'varve status' lists all",
  ])
})

test('a renamed path has what both names share once, and a long one keeps its end', async () => {
  const dir = await repository()
  await said(dir, 'commit', '-m', 'First')
  await said(dir, 'mv', 'images/first', 'images/a-name-that-is-as-long-as-some-names-of-folders-are')
  const [line] = await said(dir, 'diff', '--staged', '--stat')
  expect(line).toBe(' …is-as-long-as-some-names-of-folders-are}/1000.txt | 0 lines')
  await said(dir, 'mv', 'images/a-name-that-is-as-long-as-some-names-of-folders-are', 'images/second')
  const stat = await said(dir, 'diff', '--staged', '--stat')
  expect(stat[0]).toMatch(/^ images\/\{first => second\}\/1000.txt \| 0 lines$/)
})
