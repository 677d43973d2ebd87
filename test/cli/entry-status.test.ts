// `status --porcelain=v2` and `ls-files -s` and `-u`, held against Git's: paths with the modes and names of what history, index and
// a merge in progress hold. The names of contents are not Git's, but equal where Git's are.
import fs from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { besideGit } from '../support/beside-git.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()

beforeEach(begin)

/** Lines in which each name of a content stands as the number of its first appearance; Git gives all zeros no number. */
function numbered(text: string, digits: number): string {
  const known = new Map<string, string>()
  return text.replaceAll(new RegExp(`\\b[0-9a-f]{${digits}}\\b`, 'g'), (id) => {
    if (/^0+$/.test(id)) return 'none'
    if (!known.has(id)) known.set(id, `id-${known.size}`)
    return known.get(id)!
  })
}

async function same(...args: string[]): Promise<string> {
  const ours = numbered(await ok(...args), 64)
  expect([args, ours]).toEqual([args, numbered(git(...args), 40)])
  return ours
}

const statuses = [
  ['status', '--porcelain=v2'],
  ['status', '--porcelain=2', '-b'],
  ['status', '--porcelain=v2', '-z'],
  ['status', '--porcelain=v2', '--branch', '-z', '-uno'],
]

async function commit(message: string): Promise<void> {
  await both('add', '.')
  await both('commit', '-q', '-m', message)
}

test('status --porcelain=v2 and ls-files -s are what Git says', async () => {
  for (const args of [...statuses, ['ls-files', '-s']]) await same(...args)
  for (const name of ['plain', 'gone', 'kept', 'old name', 'dir/a', 'both', 'run', 'was link', 'lost'])
    put(name, `${name}\n`)
  for (const place of ['ours', 'theirs']) fs.symlinkSync('plain', at(place, 'link'))
  await commit('First')
  put('plain', 'changed\n')
  put('both', 'staged\n')
  put('new "quoted"', 'plain\n')
  await both('add', 'both', 'new "quoted"')
  put('both', 'again\n')
  put('lost', null)
  await both('mv', 'old name', 'new name')
  await both('rm', '-q', 'gone')
  for (const place of ['ours', 'theirs']) {
    fs.chmodSync(at(place, 'run'), 0o755)
    fs.rmSync(at(place, 'link'))
    fs.symlinkSync('kept', at(place, 'link'))
    fs.rmSync(at(place, 'was link'))
    fs.symlinkSync('plain', at(place, 'was link'))
  }
  put('untracked file', 'x')
  put('folder/x/y', 'y')
  for (const args of [...statuses, ['ls-files', '-s'], ['ls-files', '-s', '-z', 'dir', 'run']])
    expect(await same(...args)).not.toBe('')
  await both('add', '.')
  expect(await same('ls-files', '--stage')).toContain('120000')
  await both('switch', '-q', '--detach')
  await same('status', '--porcelain=v2', '-b')
})

test('a path in conflict has its sides', async () => {
  for (const name of ['a', 'b', 'c', 'same']) put(name, `${name}\n`)
  await commit('First')
  await both('switch', '-q', '-c', 'side')
  put('a', 'theirs\n')
  put('b', null)
  put('c', 'theirs\n')
  put('d', 'theirs\n')
  await commit('Theirs')
  await both('switch', '-q', 'main')
  put('a', 'ours\n')
  put('b', 'ours\n')
  put('c', null)
  put('d', 'ours\n')
  await commit('Ours')
  expect(() => git('merge', '-q', 'side')).toThrow()
  expect(await varve('merge', 'side')).toMatchObject({ code: 21 })
  const conflicts = await same('ls-files', '-u')
  expect(conflicts.trimEnd().split('\n')).toHaveLength(9)
  await same('ls-files', '-s')
  // Of a path that one side removed Git puts the other side's file into the folder, Varve leaves ours.
  const lines = (text: string): string[] =>
    text
      .split('\n')
      .flatMap((line) => (line.startsWith('u ') ? [line.replace(/^((?:\S+ ){6})\S+/, '$1mode')] : []))
  const ours = lines(numbered(await ok('status', '--porcelain=v2'), 64))
  expect(ours).toEqual(lines(numbered(git('status', '--porcelain=v2'), 40)))
  expect(ours.map((line) => line.slice(0, 4))).toEqual(['u UU', 'u UD', 'u DU', 'u AA'])
})

test('a pick in conflict has the change that is picked as its sides', async () => {
  put('a', 'first\n')
  await commit('First')
  await both('switch', '-q', '-c', 'side')
  put('a', 'second\n')
  await commit('Second')
  put('a', 'third\n')
  await commit('Third')
  await both('switch', '-q', 'main')
  put('a', 'other\n')
  await commit('Other')
  for (const args of [
    ['cherry-pick', 'side'],
    ['revert', '--no-edit', 'side~1'],
  ]) {
    expect(() => git(...args)).toThrow()
    expect(await varve(...args.filter((arg) => arg !== '--no-edit'))).toMatchObject({ code: 21 })
    expect((await same('ls-files', '-u')).trimEnd().split('\n')).toHaveLength(3)
    await both(args[0]!, '--abort')
  }
})

test('ls-files -o -i lists ignored files, and --json and the API have the same facts', async () => {
  put('.varveignore', '*.tmp\n')
  put('.gitignore', '*.tmp\n')
  put('a', 'a\n')
  put('b.tmp', 'b\n')
  await both('add', '.')
  expect(await ok('ls-files', '-o', '-i')).toBe(git('ls-files', '-o', '-i', '--exclude-standard'))
  for (const args of [['-i'], ['-s', '-m'], ['-u', '-o']])
    expect(await varve('ls-files', ...args)).toMatchObject({ code: 2 })
  const { items } = JSON.parse(await ok('ls-files', '-s', '--json', 'a')) as { items: { id: string }[] }
  expect(items).toEqual([{ path: 'a', mode: '100644', id: items[0]!.id, stage: 0 }])
  const repo = await Repository.open(at('ours'))
  const { entries } = await repo.status({ paths: ['a'], entries: true })
  await repo.close()
  expect(entries).toEqual([
    { path: 'a', head: null, index: { mode: '100644', id: items[0]!.id }, fileMode: '100644' },
  ])
})

test('status --show-stash tells how many stashes there are, as Git does', async () => {
  put('plain', 'one\n')
  await commit('First')
  const forms = [['--porcelain=v2'], ['--porcelain=v2', '-b', '-z'], ['--porcelain'], ['-s']]
  const all = async (): Promise<void> => {
    for (const form of forms) await same('status', ...form, '--show-stash')
  }
  await all()
  for (const count of [1, 2]) {
    put('plain', `${count}\n`)
    await both('stash', '-q')
    await all()
    const told = await ok('status', '--show-stash')
    expect(told).toContain(`put aside: ${count === 1 ? '1 stash' : '2 stashes'} (varve stash list)\n`)
    expect(await ok('status')).not.toContain('put aside')
    expect(JSON.parse(await ok('status', '--show-stash', '--json'))).toMatchObject({ stashes: count })
  }
})
