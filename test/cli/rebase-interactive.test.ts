// `rebase -i` and `--autosquash` with a real editor, held against Git's over the same history.
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { besideGit } from '../support/beside-git.ts'
import { gitIn } from '../support/git-in.ts'
import { type RanHere, runHere } from '../support/run-here.ts'

const { at, begin, both, git, ok, put, varve } = besideGit()

/** Edits the list by one sed script and messages by another, and notes how often each was asked for. */
const script = `#!/bin/sh
case "$1" in
*REBASE_TODO|*git-rebase-todo) sed -i -E "$TODO" "$1" ;;
*) sed -i -E "$MESSAGE" "$1"; echo asked >>"$ASKED" ;;
esac
`

beforeAll(async () => {
  await begin()
  fs.writeFileSync(at('editor.sh'), script, { mode: 0o755 })
  for (const name of ['base', 'a', 'b', 'c', 'd'])
    await commit(name, `${name}\n`, `Commit ${name}\n\nabout ${name}`)
  for (const place of ['ours', 'theirs']) fs.renameSync(at(place), at(`first-${place}`))
}, 60_000)

beforeEach(() => {
  for (const place of ['ours', 'theirs']) {
    for (const name of [place, `asked-${place}`]) fs.rmSync(at(name), { recursive: true, force: true })
    fs.cpSync(at(`first-${place}`), at(place), { recursive: true })
  }
})

async function commit(file: string, text: string, message: string): Promise<void> {
  put(file, text)
  await both('add', '.')
  await both('commit', '-q', '-m', message)
}

interface Edits {
  readonly todo?: string
  readonly message?: string
}

const variables = (place: string, { todo = '', message = '' }: Edits): Record<string, string> => ({
  TODO: todo,
  MESSAGE: message,
  ASKED: at(`asked-${place}`),
})

function ours(args: readonly string[], edits: Edits): Promise<RanHere> {
  return runHere(args, at('ours'), { VARVE_EDITOR: at('editor.sh'), ...variables('ours', edits) })
}

function theirs(args: readonly string[], edits: Edits): void {
  const editors = { GIT_EDITOR: at('editor.sh'), GIT_SEQUENCE_EDITOR: at('editor.sh') }
  gitIn(at('theirs'), { ...editors, ...variables('theirs', edits) })(...args)
}

async function alike(): Promise<void> {
  const log = ['log', '--format=%ae|%B', '--name-only']
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '')
  expect(lines(await ok(...log))).toEqual(lines(git(...log)))
  expect(await ok('status', '--porcelain')).toBe(git('status', '--porcelain'))
  expect(await ok('rev-parse', '--abbrev-ref', 'HEAD')).toBe('main\n')
}

const asked = (place: string): number =>
  fs.existsSync(at(`asked-${place}`))
    ? fs.readFileSync(at(`asked-${place}`), 'utf8').split('\n').length - 1
    : 0

test.each([
  ['nothing changed', {}],
  ['a line gone', { todo: '/Commit b$/d' }],
  ['drop', { todo: 's/^pick (.* Commit b)$/drop \\1/' }],
  ['another order', { todo: '/Commit a$/{h;d};/Commit c$/{G}' }],
  ['reword', { todo: 's/^pick (.* Commit b)$/reword \\1/', message: 's/^Commit b/Said anew/' }],
  [
    'short words',
    { todo: 's/^pick (.* Commit b)$/r \\1/;s/^pick (.* Commit d)$/f \\1/', message: 's/^about/all about/' },
  ],
  ['squash', { todo: 's/^pick (.* Commit b)$/squash \\1/', message: 's/^Commit a/Both of a/' }],
  ['fixup', { todo: 's/^pick (.* Commit b)$/fixup \\1/' }],
  [
    'a chain',
    {
      todo: 's/^pick (.* Commit [bd])$/squash \\1/;s/^pick (.* Commit c)$/fixup \\1/',
      message: 's/^about a/all/',
    },
  ],
  ['two groups', { todo: 's/^pick (.* Commit [bd])$/squash \\1/' }],
  ['several', { todo: '/Commit c$/d;s/^pick (.* Commit [ad])$/reword \\1/', message: 's/^Commit/Mended/' }],
] as const)('rebase -i: %s', async (_, edits: Edits) => {
  const args = ['rebase', '-i', 'HEAD~4']
  theirs(args, edits)
  expect(await ours(args, edits)).toMatchObject({ code: 0 })
  await alike()
  expect(asked('ours')).toBe(asked('theirs'))
  expect(await ok('fsck')).toContain('all whole')
  expect(fs.readdirSync(at('ours', '.varve')).filter((name) => /TODO|EDITMSG/.test(name))).toEqual([])
})

test('edit stops with the commit as HEAD; it is amended, another one is added, and it goes on', async () => {
  const edits = { todo: 's/^pick (.* Commit b)$/edit \\1/' }
  const args = ['rebase', '-i', 'HEAD~4']
  theirs(args, edits)
  expect(await ours(args, edits)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('stopped to edit') as string,
  })
  expect(await ok('status')).toContain('(2 of 4): its commit is made')
  put('b', 'b anew\n')
  await both('add', '.')
  theirs(['commit', '-q', '--amend'], { message: 's/^Commit b/Anew/' })
  expect(await ours(['commit', '-q', '--amend', '-e'], { message: 's/^Commit b/Anew/' })).toMatchObject({
    code: 0,
  })
  await commit('more', 'more\n', 'In between')
  await both('rebase', '--continue')
  await alike()
  await ok('undo')
  expect(await ok('log', '-1', '--format=%s')).toBe('In between\n')
})

test('what is staged where it stopped to edit goes into that commit; behind another one it waits', async () => {
  const edits = { todo: 's/^pick (.* Commit [bc])$/edit \\1/', message: 's/^Commit b/Anew/' }
  const args = ['rebase', '-i', 'HEAD~4']
  theirs(args, edits)
  await ours(args, edits)
  put('b', 'b anew\n')
  await both('add', '.')
  theirs(['rebase', '--continue'], edits)
  expect(await ours(['rebase', '--continue'], edits)).toMatchObject({ code: 0 })
  expect(asked('ours')).toBe(asked('theirs'))
  await commit('more', 'more\n', 'In between')
  put('c', 'c anew\n')
  await both('add', '.')
  expect(await varve('rebase', '--continue')).toMatchObject({
    code: 29,
    stderr: expect.stringContaining('varve commit --amend') as string,
  })
  await both('commit', '-q', '-m', 'What waited')
  await both('rebase', '--continue')
  await alike()
  expect(await ok('log', '--format=%s')).toContain('What waited\nIn between\nCommit c\nAnew\n')
})

test('where nothing is left of a commit to edit, what is staged does not go into one of others', async () => {
  await ok('switch', '-c', 'other', 'HEAD~4')
  fs.writeFileSync(at('ours', 'a'), 'a\n')
  await ok('add', '.')
  await ok('commit', '-m', 'The same')
  await ok('switch', 'main')
  await ours(['rebase', '-i', 'other'], { todo: 's/^pick (.* Commit a)$/edit \\1/' })
  fs.writeFileSync(at('ours', 'a'), 'a anew\n')
  await ok('add', '.')
  expect(await varve('rebase', '--continue')).toMatchObject({ code: 29 })
  expect(await ok('log', '-1', '--format=%s')).toBe('The same\n')
})

test('a clash in a squash is resolved, and the message is asked for then', async () => {
  await commit('a', 'a twice\n', 'Again')
  await commit('a', 'a thrice\n', 'And again')
  const edits = { todo: '/ Again$/d;s/^pick (.* And again)$/squash \\1/', message: 's/^And again/Three/' }
  const args = ['rebase', '-i', 'HEAD~2~2']
  expect(() => theirs(args, edits)).toThrow(/conflict/i)
  expect(await ours(args, edits)).toMatchObject({ code: 21 })
  put('a', 'resolved\n')
  git('add', 'a')
  expect(await varve('add', 'a')).toMatchObject({ code: 0 })
  theirs(['rebase', '--continue'], edits)
  expect(await ours(['rebase', '--continue'], edits)).toMatchObject({ code: 0 })
  await alike()
  expect(await ok('log', '-1', '--format=%B')).toContain('Three')
})

test('a stop is given up by --abort, and survives another process', async () => {
  const before = await ok('log', '--format=%H')
  await ours(['rebase', '-i', 'HEAD~4'], {
    todo: 's/^pick (.* Commit a)$/edit \\1/;s/^pick (.* Commit [cd])$/f \\1/',
  })
  await using repo = await Repository.open(at('ours'))
  expect(await repo.merging()).toMatchObject({ waits: false, conflicts: 0, rebase: { done: 0, total: 4 } })
  await ok('rebase', '--abort')
  expect(await ok('log', '--format=%H')).toBe(before)
})

test.each([
  ['1,$d', 'the list is empty'],
  ['s/^pick/exec/', "line 1: there is no 'exec' here"],
  ['s/^pick [0-9a-f]+/pick 12345678/', 'none of these commits'],
  ['1s/^pick/squash/', 'no commit before'],
])('a list that says %s changes nothing', async (todo, said) => {
  const before = await ok('log', '--format=%H')
  const refused = await ours(['rebase', '-i', 'HEAD~2'], { todo })
  expect(refused.code).not.toBe(0)
  expect(refused.stderr).toContain(said)
  expect(await ok('log', '--format=%H')).toBe(before)
  expect(await ok('rev-parse', '--abbrev-ref', 'HEAD')).toBe('main\n')
})

test('commit --fixup and --squash, and --autosquash', async () => {
  const fix = async (args: readonly string[], file: string): Promise<void> => {
    put(file, `${file} mended\n`)
    await both('add', '.')
    await both('commit', '-q', ...args)
  }
  await fix(['--fixup', 'HEAD~2'], 'b')
  await fix(['--squash', 'HEAD~2', '-m', 'and why'], 'c')
  await fix(['--fixup', 'HEAD~1'], 'more')
  await fix(['-m', 'fixup! nothing known'], 'other')
  expect(await ok('log', '--format=%B')).toBe(git('log', '--format=%B'))
  theirs(['rebase', '-i', '--autosquash', 'HEAD~7'], {})
  expect(await ours(['rebase', '-i', '--autosquash', 'HEAD~7'], {})).toMatchObject({ code: 0 })
  await alike()
})

test('rows of a table are joined as well, and the library says what is done by a function', async () => {
  const file = at('ours', 'people.csv')
  const save = async (text: string, message: string): Promise<void> => {
    fs.writeFileSync(file, text)
    await ok('add', '.')
    await ok('commit', '-qm', message)
  }
  fs.writeFileSync(file, 'id,name\n1,Ada\n')
  await ok('track', 'people.csv', '--key', 'id')
  await save('id,name\n1,Ada\n2,Grace\n', 'Table')
  await save('id,name\n1,Ada L.\n2,Grace\n', 'One')
  await save('id,name\n1,Ada L.\n2,Grace H.\n', 'Two')
  await save('id,name\n1,Ada L.\n2,Grace H.\n3,Alan\n', 'Three')
  await using repo = await Repository.open(at('ours'), { author: { name: 'Ada', email: 'ada@example.org' } })
  const result = await repo.rebase('HEAD~3', {
    editSteps: async ([one, two, three]) => [three!, one!, { ...two!, action: 'squash' }],
    editStep: async (proposed) => proposed.replaceAll('\n\n', ' and '),
  })
  expect(result).toMatchObject({ outcome: 'merged', rebase: { total: 3 } })
  expect(await ok('log', '-3', '--format=%s')).toBe('One and Two\nThree\nTable\n')
  expect(fs.readFileSync(file, 'utf8')).toBe('id,name\n1,Ada L.\n2,Grace H.\n3,Alan\n')
  expect(path.basename(repo.root!)).toBe('ours')
})
