// A name that is not there, and the one that somebody meant: every command that takes names proposes it.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { oddSetting } from '../../src/cli/config/known-settings.ts'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varve } from './varve.ts'

const dir = temporaryDir()
const at = { cwd: path.join(dir, 'repository') }

beforeAll(async () => {
  mkdirSync(path.join(at.cwd, 'data'), { recursive: true })
  await ok(['init'], at)
  writeFileSync(path.join(at.cwd, 'people.csv'), 'id,name\n1,Ada\n')
  writeFileSync(path.join(at.cwd, 'data/notes.txt'), 'x\n')
  await ok(['track', 'people.csv', '--key', 'id'], at)
  await ok(['add', '.'], at)
  await ok(['commit', '-m', 'First'], at)
  await ok(['tag', 'v1'], at)
  await ok(['remote', 'add', 'origin', '../hub'], at)
  writeFileSync(path.join(at.cwd, 'untracked.csv'), 'id\n1\n')
}, 60_000)

const misspelt: readonly [typed: readonly string[], meant: string][] = [
  [['add', 'peple.csv'], 'people.csv'],
  [['add', 'people'], 'people.csv'],
  [['add', 'untraced.csv'], 'untracked.csv'],
  [['add', 'data/note.txt'], 'data/notes.txt'],
  [['restore', 'peple.csv'], 'people.csv'],
  [['restore', 'data/note.txt'], 'data/notes.txt'],
  [['rm', 'peple.csv'], 'people.csv'],
  [['mv', 'peple.csv', 'x.csv'], 'people.csv'],
  [['commit', '-m', 'x', 'peple.csv'], 'people.csv'],
  [['stash', 'push', 'peple.csv'], 'people.csv'],
  [['track', 'untraced.csv', '--key', 'id'], 'untracked.csv'],
  [['untrack', 'peple.csv'], 'people.csv'],
  [['diff', 'peple.csv'], 'people.csv'],
  [['log', 'data/note.txt'], 'data/notes.txt'],
  [['log', 'mian'], 'main'],
  [['reset', 'peple.csv'], 'people.csv'],
  [['export', 'peple.csv'], 'people.csv'],
  [['sql', 'SELECT * FROM peple'], 'people'],
  [['sql', 'SELECT * FROM "peple@v1"'], 'people'],
  [['sql', 'SELECT nmae FROM people'], 'name'],
  [['sql', 'SELECT p.nmae FROM people p'], 'name'],
  [['tag', '-d', 'v2'], 'v1'],
  [['remote', 'get-url', 'orgin'], 'origin'],
]

describe('a misspelt name', () => {
  test.each(misspelt)('%j: the near one is proposed', async (typed, meant) => {
    const { code, stderr } = await varve(typed, at)
    expect(code).not.toBe(0)
    expect(stderr).toMatch(/\nhint: .*\n$/)
    expect(stderr).toContain(`hint: did you mean '${meant}'?`)
  })

  test('nothing is proposed where nothing is near', async () => {
    expect((await varve(['add', 'zzz.json'], at)).stderr).toContain("hint: see 'varve ls'")
    expect((await varve(['sql', 'SELECT zzz FROM people'], at)).stderr).toContain('hint: write one SELECT')
  })
})

describe('a setting that nothing reads', () => {
  test.each([
    ['user.nmae', "Varve has no setting 'user.nmae': did you mean 'user.name'?"],
    ['usr.name', "Varve has no setting 'usr.name': did you mean 'user.name'?"],
    ['core.filemode', "Varve has no setting 'core.filemode': did you mean 'core.fileMode'?"],
    ['gc.something', "Varve has no setting 'gc.something'"],
    [
      'branch.main.protcet',
      "Varve has no setting 'branch.main.protcet': did you mean 'branch.main.protect'?",
    ],
    ['remote.a.b.ulr', "Varve has no setting 'remote.a.b.ulr': did you mean 'remote.a.b.url'?"],
    ['user.name', null],
    ['remote.origin.storageClass', null],
    ['branch.release/v1.2.upstream', null],
    ['mine.colour', null],
    ['team.name', null],
  ])('%s', (key, told) => {
    expect(oddSetting(key)).toBe(told)
  })

  test('is kept, with a warning, and read without one', async () => {
    const { code, stderr } = await varve(['config', 'user.nmae', 'Ada'], at)
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: "warning: Varve has no setting 'user.nmae': did you mean 'user.name'? (it is kept)\n",
    })
    expect(await ok(['config', 'user.nmae'], at)).toBe('Ada\n')
    expect(await varve(['config', '--unset', 'user.nmae'], at)).toMatchObject({ code: 0, stderr: '' })
    expect(await varve(['config', 'mine.colour', 'blue'], at)).toMatchObject({ code: 0, stderr: '' })
  })
})
