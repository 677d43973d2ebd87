import * as fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { readFile } from '../../src/files/read.ts'
import { bringBack } from '../../src/repo/stash/bring-back.ts'
import { putAside } from '../../src/repo/stash/stash.ts'
import { stage } from '../../src/worktree/add.ts'
import { worktreeFolder } from '../../src/worktree/folder.ts'
import { readIndex } from '../../src/worktree/index-state.ts'
import type { Worktree } from '../../src/worktree/interface.ts'
import { readSteady } from '../../src/worktree/read-file.ts'
import { worktreeStatus } from '../../src/worktree/status.ts'
import { commit, remove, secondView, worktreeWith, write } from './folder.ts'

async function indexPaths(worktree: Worktree): Promise<string[]> {
  const batches = await collect((await readIndex(worktree)).index.scan())
  return batches.flat().map(({ path: name }) => name)
}

async function indexText(worktree: Worktree, name: string): Promise<string> {
  const entry = await (await readIndex(worktree)).index.get(name)
  if (entry?.kind !== 'file') throw new Error(`'${name}' is no file`)
  return Buffer.concat(await collect(readFile(worktree.repo.nodes, entry))).toString()
}

const people = 'id,name\n1,Ada\n2,Grace\n'

describe('add', () => {
  test('stages files, folders and deletions below the named paths only', async () => {
    const worktree = worktreeWith({ 'd/a': '1', 'd/b': '2', e: '3' })
    await stage(worktree, ['d', 'e'])
    remove(worktree, 'd/a')
    remove(worktree, 'e')
    write(worktree, { 'd/c': '4' })
    const { staged } = await stage(worktree, ['d'])
    expect(staged.map(({ path: name, state }) => `${state} ${name}`).sort()).toEqual([
      'added d/c',
      'deleted d/a',
    ])
    expect(await indexPaths(worktree)).toEqual(['d/b', 'd/c', 'e'])
  })

  test('a path that matches nothing is an error, and nothing is staged', async () => {
    const worktree = worktreeWith({ a: '1' })
    await expect(stage(worktree, ['a', 'nope'])).rejects.toMatchObject({
      code: 'VARVE_PATH_NOT_FOUND',
      data: { path: 'nope' },
    })
    expect(await indexPaths(worktree)).toEqual([])
  })

  test('a path outside of the folder is refused', async () => {
    const worktree = worktreeWith({ a: '1' })
    for (const name of ['../x', '/etc/passwd', 'a/../../x']) {
      await expect(stage(worktree, [name])).rejects.toMatchObject({ code: 'VARVE_USAGE' })
    }
    await expect(stage(worktree, ['.varve/format'])).rejects.toMatchObject({ code: 'VARVE_RULE_VIOLATED' })
  })

  test('a dry run says what it would do and does nothing', async () => {
    const worktree = worktreeWith({ a: '1' })
    const { staged } = await stage(worktree, ['.'], { dryRun: true })
    expect(staged).toEqual([{ path: 'a', state: 'added', kind: 'file' }])
    expect(await indexPaths(worktree)).toEqual([])
  })

  test('with trackedOnly new files stay out', async () => {
    const worktree = worktreeWith({ a: '1' })
    await stage(worktree, ['.'])
    write(worktree, { a: '2!', b: '3' })
    await stage(worktree, ['.'], { trackedOnly: true })
    expect(await indexPaths(worktree)).toEqual(['a'])
    expect(await indexText(worktree, 'a')).toBe('2!')
  })

  test('small, empty and large files come back byte for byte', async () => {
    const large = Buffer.alloc(3_000_000)
    for (let i = 0; i < large.length; i++) large[i] = (i * i * 31 + (i >> 9)) & 255
    const worktree = worktreeWith({ empty: '', small: 'x'.repeat(300_000), large })
    await stage(worktree, ['.'])
    expect(await indexText(worktree, 'empty')).toBe('')
    expect(await indexText(worktree, 'small')).toBe('x'.repeat(300_000))
    const entry = await (await readIndex(worktree)).index.get('large')
    expect(Buffer.concat(await collect(readFile(worktree.repo.nodes, entry as never))).equals(large)).toBe(
      true,
    )
    expect((await worktreeStatus(worktree)).unstaged).toEqual([])
  })

  test('two adds at once both survive', async () => {
    const worktree = worktreeWith({ a: '1', b: '2' })
    await Promise.all([stage(worktree, ['a']), stage(secondView(worktree), ['b'])])
    expect(await indexPaths(worktree)).toEqual(['a', 'b'])
  })

  test('what another command puts away while it is read is not staged', async () => {
    const worktree = worktreeWith({ a: '1', b: '1' })
    await stage(worktree, ['.'])
    await commit(worktree)
    write(worktree, { a: '2', b: '2' })
    const { repo } = worktree
    const ada = { ...repo, author: { name: 'Ada', email: 'ada@example.org' } }
    let isFirst = true
    const store = new Proxy(repo.store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        if (name !== 'update' || !isFirst) return value.bind(target)
        isFirst = false
        return async (...args: Parameters<typeof target.update>) => {
          await putAside(ada, worktreeFolder(worktree))
          return target.update(...args)
        }
      },
    })
    const { staged } = await stage({ ...worktree, repo: { ...repo, store } }, ['.'])
    expect([isFirst, staged, (await worktreeStatus(worktree)).staged]).toEqual([false, [], []])
    await bringBack(repo, worktreeFolder(worktree), undefined, { keep: false })
    expect((await worktreeStatus(worktree)).staged.map(({ path: at }) => at)).toEqual(['a', 'b'])
  })

  test('a file becomes a folder and a file again', async () => {
    const worktree = worktreeWith({ a: '1' })
    await stage(worktree, ['.'])
    remove(worktree, 'a')
    write(worktree, { 'a/x': '2' })
    await stage(worktree, ['.'])
    expect(await indexPaths(worktree)).toEqual(['a/x'])
    remove(worktree, 'a')
    write(worktree, { a: '3' })
    await stage(worktree, ['.'])
    expect(await indexPaths(worktree)).toEqual(['a'])
  })

  test('a file name that no dataset may hold stops the add with its name', async () => {
    const worktree = worktreeWith({ 'a\\b': '1' })
    await expect(stage(worktree, ['.'])).rejects.toMatchObject({
      code: 'VARVE_RULE_VIOLATED',
      data: { path: 'a\\b' },
    })
  })

  test('a name that is not UTF-8 is staged as it is', async () => {
    const worktree = worktreeWith()
    fs.writeFileSync(Buffer.concat([Buffer.from(`${worktree.root}/caf`), Buffer.from([0xe9])]), 'latin')
    await stage(worktree, ['.'])
    expect(await indexPaths(worktree)).toEqual(['caf\udce9'])
    expect((await worktreeStatus(worktree)).unstaged).toEqual([])
  })

  test('tables named in varve.yaml become tables, and tables that break their rules stop everything', async () => {
    const worktree = worktreeWith({
      'varve.yaml': 'tables:\n  people.csv:\n    key: id\n',
      'people.csv': people,
      z: '1',
    })
    await stage(worktree, ['.'])
    expect((await (await readIndex(worktree)).index.get('people.csv'))?.kind).toBe('table')
    expect((await worktreeStatus(worktree)).unstaged).toEqual([])
    await commit(worktree)
    write(worktree, { 'people.csv': `${people}2,Twice\n`, z: '2!' })
    await expect(stage(worktree, ['.'])).rejects.toMatchObject({
      code: 'VARVE_RULE_VIOLATED',
      hint: expect.stringContaining('--as-file people.csv'),
    })
    expect((await worktreeStatus(worktree)).staged).toEqual([])
    write(worktree, { 'people.csv': people.replace('id,', 'number,') })
    await expect(stage(worktree, ['.'])).rejects.toMatchObject({
      hint: expect.stringContaining("'varve track people.csv --key COLUMN'"),
    })
    write(worktree, { 'people.csv': `${people}2,Twice\n` })
    await stage(worktree, ['people.csv'], { asFile: true })
    expect((await worktreeStatus(worktree)).staged).toEqual([
      { path: 'people.csv', state: 'typechange', kind: 'file' },
    ])
  })

  test('what is no table is kept as a file, with the reason', async () => {
    const worktree = worktreeWith({
      'varve.yaml': 'tables:\n  "*.csv":\n    key: id\n',
      'x.csv': 'id,id\n1,2\n',
    })
    const { notTables } = await stage(worktree, ['.'])
    expect(notTables).toEqual([{ path: 'x.csv', reason: "two columns are called 'id' (line 1)" }])
    expect((await (await readIndex(worktree)).index.get('x.csv'))?.kind).toBe('file')
  })

  test('declaring a table of a file that is staged already stages it anew', async () => {
    const worktree = worktreeWith({ 'people.csv': people })
    await stage(worktree, ['.'])
    write(worktree, { 'varve.yaml': 'tables:\n  people.csv:\n    key: id\n' })
    await stage(worktree, ['people.csv'])
    expect((await (await readIndex(worktree)).index.get('people.csv'))?.kind).toBe('table')
  })
})

describe('a file that changes while it is read', () => {
  test('is read again, and given up when it goes on changing', async () => {
    const worktree = worktreeWith({ f: 'first' })
    let reads = 0
    const grow = async (source: AsyncIterable<Uint8Array>): Promise<string> => {
      const text = Buffer.concat(await collect(source)).toString()
      if (reads++ < 1) fs.appendFileSync(path.join(worktree.root, 'f'), '+')
      return text
    }
    expect((await readSteady(worktree.root, 'f', grow)).result).toBe('first+')
    reads = -10
    await expect(readSteady(worktree.root, 'f', grow)).rejects.toMatchObject({
      code: 'VARVE_NOT_POSSIBLE',
      data: { path: 'f' },
    })
  })
})
