// History that is carried: bundles and CAR files, and remotes on Git hosts, as a person types it.
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { bareGit } from '../support/git-host.ts'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve } from './varve.ts'

const id = /^[0-9a-f]{64}$/
const dir = temporaryDir()
const mine = path.join(dir, 'mine')
const theirs = path.join(dir, 'theirs')

function put(folder: string, file: string, text: string): void {
  fs.writeFileSync(path.join(folder, file), text)
}

function get(folder: string, file: string): string {
  return fs.readFileSync(path.join(folder, file), 'utf8')
}

beforeAll(async () => {
  fs.mkdirSync(mine)
  await ok(['init'], { cwd: mine })
  put(mine, 'people.csv', 'id,name\n1,Ada\n2,Grace\n')
  await ok(['track', 'people.csv', '--key', 'id'], { cwd: mine })
  await ok(['add', '.'], { cwd: mine })
  await ok(['commit', '-m', 'people'], { cwd: mine })
  await ok(['tag', 'v1'], { cwd: mine })
})

describe('bundles', () => {
  test('one is made, listed, verified and cloned', async () => {
    const made = await json(['bundle', 'create', '../people.bundle'], { cwd: mine })
    expect(made).toEqual({
      file: '../people.bundle',
      bytes: fs.statSync(path.join(dir, 'people.bundle')).size,
      head: 'main',
      refs: [{ ref: 'refs/heads/main', target: expect.stringMatching(id) as string }],
      needs: [],
      objects: expect.any(Number) as number,
    })
    expect(await json(['bundle', 'list', 'people.bundle'], { cwd: dir })).toEqual({
      ...made,
      file: 'people.bundle',
    })
    expect(await ok(['bundle', 'list', 'people.bundle'], { cwd: dir })).toMatch(
      /^[0-9a-f]{8,10} +refs\/heads\/main\n$/,
    )
    expect(await ok(['bundle', 'verify', 'people.bundle'], { cwd: dir })).toMatch(
      /^people.bundle is whole: \d+ objects/,
    )
    await ok(['clone', 'people.bundle', 'theirs'], { cwd: dir })
    expect(get(theirs, 'people.csv')).toBe(get(mine, 'people.csv'))
  })

  test('what is new travels in a second one, which says what it continues from', async () => {
    put(mine, 'people.csv', 'id,name\n1,Ada\n2,Grace\n3,Lise\n')
    await ok(['commit', '-am', 'Lise'], { cwd: mine })
    const made = await json<{ needs: string[] }>(
      ['bundle', 'create', '--since', 'v1', '../news.bundle', 'main'],
      { cwd: mine },
    )
    expect(made.needs).toHaveLength(1)
    for (const words of [['v1..main'], ['main', '^v1']]) {
      const same = await json<{ needs: string[] }>(['bundle', 'create', '../same.bundle', ...words], {
        cwd: mine,
      })
      expect(same.needs).toEqual(made.needs)
    }
    const elsewhere = path.join(dir, 'elsewhere')
    fs.mkdirSync(elsewhere)
    await ok(['init'], { cwd: elsewhere })
    const told = await varve(['bundle', 'verify', '../news.bundle'], { cwd: elsewhere })
    expect([told.code, told.stdout]).toEqual([1, expect.stringContaining('not here: ') as string])
    await ok(['remote', 'add', 'news', '../news.bundle'], { cwd: elsewhere })
    const refused = await varve(['fetch', 'news'], { cwd: elsewhere })
    expect(refused.code).toBe(20)
    expect(refused.stderr).toContain('continues from commits that are not here')
    expect((await varve(['clone', 'news.bundle', 'nothing'], { cwd: dir })).code).toBe(20)
    expect(fs.existsSync(path.join(dir, 'nothing'))).toBe(false)
    // Who has the first bundle's history goes on with the second, put in its place.
    expect(await ok(['bundle', 'verify', '../news.bundle'], { cwd: theirs })).toContain('is whole')
    fs.renameSync(path.join(dir, 'news.bundle'), path.join(dir, 'people.bundle'))
    await ok(['pull'], { cwd: theirs })
    expect(get(theirs, 'people.csv')).toBe(get(mine, 'people.csv'))
  })

  test('all branches and tags, and wishes that cannot be met', async () => {
    const all = await json<{ refs: { ref: string }[] }>(['bundle', 'create', '--all', '../all.bundle'], {
      cwd: mine,
    })
    expect(all.refs.map(({ ref }) => ref).sort()).toEqual(['refs/heads/main', 'refs/tags/v1'])
    expect((await varve(['bundle', 'create', '../x.bundle', 'HEAD~1'], { cwd: mine })).code).toBe(43)
    expect((await varve(['bundle', 'create', '../x.bundle', 'main..main'], { cwd: mine })).code).toBe(20)
    expect((await varve(['bundle', 'create'], { cwd: mine })).code).toBe(2)
    expect((await varve(['bundle', 'list', 'people.csv'], { cwd: mine })).code).toBe(50)
    expect((await varve(['push', '../all.bundle', 'main:other'], { cwd: mine })).code).toBe(61)
    expect(fs.readdirSync(dir).filter((name) => /^x|\.tmp/.test(name))).toEqual([])
  })

  test('a damaged one is named as such', async () => {
    const bytes = fs.readFileSync(path.join(dir, 'all.bundle'))
    bytes[bytes.length - 100]! ^= 1
    fs.writeFileSync(path.join(dir, 'bad.bundle'), bytes)
    const told = await varve(['bundle', 'verify', 'bad.bundle'], { cwd: dir })
    expect(told.code).toBe(50)
    expect(told.stderr).toContain('is damaged')
  })
})

describe('CAR files', () => {
  test('go out and come in as a branch', async () => {
    const out = await json<{ bytes: number }>(['car', 'export', '-o', '../people.car'], { cwd: mine })
    expect(out).toEqual({ file: '../people.car', bytes: fs.statSync(path.join(dir, 'people.car')).size })
    const other = path.join(dir, 'other')
    fs.mkdirSync(other)
    await ok(['init'], { cwd: other })
    const [head] = (await json<{ items: { commit: string }[] }>(['branch'], { cwd: mine })).items
    const imported = await json(['car', 'import', '--branch', 'main', '../people.car'], { cwd: other })
    expect(imported).toMatchObject({ branch: 'main', head: head!.commit, commits: 2 })
    expect(get(other, 'people.csv')).toBe(get(mine, 'people.csv'))
    expect(await ok(['status'], { cwd: other })).toContain('nothing to commit')
    await ok(['fsck'], { cwd: other })
    expect((await varve(['car', 'import', '--branch', 'main', '../people.car'], { cwd: other })).code).toBe(
      20,
    )
    expect((await varve(['car', 'import', '--branch', 'x', 'people.csv'], { cwd: other })).code).toBe(50)
    expect((await varve(['car', 'import', 'people.csv'], { cwd: other })).code).toBe(2)
    expect(
      fs.readdirSync(path.join(other, '.varve/cache')).filter((name) => name.startsWith('varve-car')),
    ).toEqual([])
  })
})

describe('a Git host', () => {
  test('takes a push, gives a clone, and the second clone pulls what the first pushes', async () => {
    const host = bareGit()
    await ok(['remote', 'add', 'origin', host.url], { cwd: mine })
    await ok(['push', '-u', 'origin', 'main'], { cwd: mine })
    const clone = path.join(dir, 'host')
    await ok(['clone', host.url], { cwd: dir })
    expect(get(clone, 'people.csv')).toBe(get(mine, 'people.csv'))
    put(clone, 'people.csv', 'id,name\n1,Ada\n2,Grace\n3,Lise\n4,Emmy\n')
    await ok(['commit', '-am', 'Emmy'], { cwd: clone })
    await ok(['push'], { cwd: clone })
    put(mine, 'people.csv', 'id,name\n1,Ada L.\n2,Grace\n3,Lise\n')
    await ok(['commit', '-am', 'Ada'], { cwd: mine })
    expect((await varve(['push'], { cwd: mine })).code).toBe(61)
    await ok(['pull', '--rebase'], { cwd: mine })
    await ok(['push'], { cwd: mine })
    expect(get(mine, 'people.csv')).toBe('id,name\n1,Ada L.\n2,Grace\n3,Lise\n4,Emmy\n')
    expect(await ok(['fetch'], { cwd: mine })).toContain('up to date')
    expect(host.git(['rev-list', '--count', 'refs/varve/data'])).toBe('3')
    // A branch is pushed and deleted again: what it brought goes, and the ref's history with it.
    await ok(['switch', '-c', 'junk'], { cwd: clone })
    put(clone, 'junk.txt', 'junk\n'.repeat(1000))
    await ok(['add', '.'], { cwd: clone })
    await ok(['commit', '-m', 'junk'], { cwd: clone })
    await ok(['push', 'origin', 'junk'], { cwd: clone })
    await ok(['push', '--delete', 'origin', 'junk'], { cwd: clone })
    const gc = ['gc', '--remote', 'origin', '--keep', '1']
    const dropped = await json<{ objectsDropped: number }>([...gc, '--dry-run'], { cwd: mine })
    expect(dropped.objectsDropped).toBeGreaterThan(2)
    expect(host.git(['rev-list', '--count', 'refs/varve/data'])).toBe('5')
    await ok(gc, { cwd: mine })
    expect(host.git(['rev-list', '--count', 'refs/varve/data'])).toBe('1')
    await ok(['switch', 'main'], { cwd: clone })
    await ok(['pull'], { cwd: clone })
    expect(get(clone, 'people.csv')).toBe(get(mine, 'people.csv'))
  })
})
