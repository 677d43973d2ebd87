import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { collect } from '../../src/base/iterables.ts'
import { encodeEntry } from '../../src/files/entry.ts'
import type { Path, TreeEntry } from '../../src/files/interface.ts'
import { pathToBytes } from '../../src/files/path.ts'
import { verifyPaths } from '../../src/files/tree-check.ts'
import { Tree } from '../../src/files/tree.ts'
import { bench, byBytes, fileOf, filesOf, pathsOf, treeOf } from './support.ts'

const tiny = { 'a/x': '1', 'a/y/z': '2', 'a-b': '3', 'a.csv': '4', b: '5' }

describe('a tree', () => {
  test('gives back what was put in', async () => {
    const tree = await treeOf(tiny, bench())
    expect(await tree.get('a/y/z')).toEqual(fileOf('2'))
    expect(await tree.get('a')).toBeNull()
    expect(await tree.getMany(['b', 'c', 'a/x'])).toEqual([fileOf('5'), null, fileOf('1')])
    expect(tree.count).toBe(5)
  })

  test('scans paths in byte order, and a prefix selects a file or a directory', async () => {
    const tree = await treeOf(tiny, bench())
    expect(await pathsOf(tree)).toEqual(['a-b', 'a.csv', 'a/x', 'a/y/z', 'b'])
    expect(await pathsOf(tree, 'a')).toEqual(['a/x', 'a/y/z'])
    expect(await pathsOf(tree, 'a/')).toEqual(['a/x', 'a/y/z'])
    expect(await pathsOf(tree, 'a.csv')).toEqual(['a.csv'])
    expect(await pathsOf(tree, 'a/y/z')).toEqual(['a/y/z'])
    expect(await pathsOf(tree, 'nothing')).toEqual([])
  })

  test('lists a directory: its entries and its directories', async () => {
    const tree = await treeOf(tiny, bench())
    const names = async (directory: Path): Promise<string[]> =>
      (await collect(tree.list(directory)))
        .flat()
        .map(({ name, entry }) => (entry === null ? `${name}/` : name))
    expect(await names('')).toEqual(['a-b', 'a.csv', 'a/', 'b'])
    expect(await names('a')).toEqual(['x', 'y/'])
    expect(await names('a/y')).toEqual(['z'])
    expect(await names('b')).toEqual([])
    expect(await tree.isDirectory('a')).toBe(true)
    expect(await tree.isDirectory('b')).toBe(false)
  })

  test('lists a directory of thousands of directories, each once', async () => {
    const { empty, writer } = bench()
    const files = new Map<Path, TreeEntry>()
    for (let i = 0; i < 20; i++) for (let j = 0; j < 300; j++) files.set(`top/d${i}/f${j}`, fileOf('x'))
    const tree = await empty.update(writer, files)
    const items = (await collect(tree.list('top'))).flat()
    expect(items.map(({ name }) => name).sort(byBytes)).toEqual(
      Array.from({ length: 20 }, (_, i) => `d${i}`).sort(byBytes),
    )
  })

  test('has the same root however it came about', async () => {
    const { empty, writer } = bench()
    const atOnce = await empty.update(writer, filesOf(tiny))
    let stepwise = await empty.update(writer, filesOf({ 'q/r': '9', b: '0' }))
    for (const [path, entry] of [...filesOf(tiny)].reverse())
      stepwise = await stepwise.update(writer, new Map([[path, entry]]))
    stepwise = await stepwise.update(writer, filesOf({ 'q/r': null, 'never/there': null }))
    expect(stepwise.cid).toBe(atOnce.cid)
  })

  test('thousands of paths at once give the root that a few at a time give', async () => {
    const { empty, writer } = bench()
    const all = Array.from({ length: 3000 }, (_, i): [Path, TreeEntry] => [`d${i % 7}/f${i}`, fileOf(`${i}`)])
    const atOnce = await empty.update(writer, new Map(all))
    let byAndBy = empty
    for (let at = 0; at < all.length; at += 700)
      byAndBy = await byAndBy.update(writer, new Map(all.slice(at, at + 700)))
    expect([atOnce.count, atOnce.cid]).toEqual([3000, byAndBy.cid])
    const gone = await atOnce.update(writer, new Map(all.slice(2).map(([path]) => [path, null])))
    expect(await pathsOf(gone)).toEqual(['d0/f0', 'd1/f1'])
  })

  test('refuses an unsafe path and keeps the tree as it was', async () => {
    const { empty, writer } = bench()
    await expect(empty.update(writer, filesOf({ ok: '1', 'a/../b': '2' }))).rejects.toThrow(
      "has the component '..'",
    )
  })
})

describe('a path is never a file and a directory at once', () => {
  const start = { 'a/x': '1', 'a/y/z': '2', 'a.csv': '3', f: '4' }
  const padding = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`pad/${i}`, 'p']))

  test.each<[string, Record<Path, string | null>, boolean]>([
    ['a file where a directory is', { a: '9' }, false],
    ['a file where a deep directory is', { 'a/y': '9' }, false],
    ['a directory where a file is', { 'f/g': '9' }, false],
    ['a deep directory where a file is', { 'f/g/h/i': '9' }, false],
    ['both at once in one update', { n: '1', 'n/m': '2' }, false],
    ['both at once, a name between them', { n: '1', 'n-2': '3', 'n/m/o': '2' }, false],
    ['a file for a directory of which one file stays', { a: '9', 'a/x': null }, false],
    ['a file for a directory that goes', { a: '9', 'a/x': null, 'a/y/z': null }, true],
    ['a directory for a file that goes', { f: null, 'f/g': '9' }, true],
    ['a file beside a directory of like name', { 'a.cs': '9', 'a-': '8' }, true],
    ['a file changed', { f: '9', 'a/x': '8' }, true],
  ])('%s', async (_, changes, allowed) => {
    for (const files of [start, { ...start, ...padding }]) {
      const { empty, writer } = bench()
      const tree = await empty.update(writer, filesOf(files))
      const updated = tree.update(writer, filesOf(changes))
      if (allowed) await verifyPaths(await updated)
      else await expect(updated).rejects.toThrow('is a file and a directory at once')
    }
  })

  test('any updates give what a flat map gives, or are refused', async () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'a-', 'é', '😀', '\uffee'), {
      minLength: 1,
      maxLength: 3,
    })
    const paths = names.map((components) => components.join('/'))
    const changes = fc.array(fc.tuple(paths, fc.option(fc.constantFrom('1', '2'))), { maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(fc.array(changes, { maxLength: 6 }), async (updates) => {
        const { empty, writer } = bench()
        let tree = empty
        let flat = new Map<Path, string>()
        for (const update of updates) {
          const next = new Map(flat)
          for (const [path, text] of new Map(update)) {
            if (text === null) next.delete(path)
            else next.set(path, text)
          }
          const clash = [...next.keys()].some((path) =>
            [...next.keys()].some((other) => other.startsWith(`${path}/`)),
          )
          try {
            tree = await tree.update(writer, filesOf(Object.fromEntries(update)))
            expect(clash).toBe(false)
            flat = next
          } catch (error) {
            if (!isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
            expect(clash).toBe(true)
          }
        }
        expect(await pathsOf(tree)).toEqual([...flat.keys()].sort(byBytes))
        await verifyPaths(tree)
      }),
      { numRuns: 300 },
    )
  })
})

describe('a tree from outside is refused', () => {
  const hostile = async (paths: readonly Path[]): Promise<Tree> => {
    const { empty, writer } = bench()
    const edits = [...paths]
      .sort(byBytes)
      .map((path) => ({ key: pathToBytes(path), ...encodeEntry(fileOf('x')) }))
    return new Tree(await empty.map.mutate(writer, edits))
  }

  test.each([
    [['a', 'a/b'], 'is a file and a directory at once'],
    [['a', 'a-b', 'a-b.c', 'a.b', 'a/b/c'], 'is a file and a directory at once'],
    [['ok', '../../etc/passwd'], "has the component '..'"],
    [['.GIT/config'], "has the reserved component '.GIT'"],
  ])('%j: it %s', async (paths, fault) => {
    const tree = await hostile(paths)
    await expect(verifyPaths(tree)).rejects.toThrow(fault)
    await expect(verifyPaths(tree)).rejects.toMatchObject({ code: 'VARVE_CORRUPT' })
  })

  test('a malformed entry', async () => {
    const { empty, writer } = bench()
    const tree = new Tree(
      await empty.map.mutate(writer, [{ key: pathToBytes('a'), value: Uint8Array.of(7) }]),
    )
    await expect(verifyPaths(tree)).rejects.toMatchObject({ code: 'VARVE_CORRUPT' })
  })
})
