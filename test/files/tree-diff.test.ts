import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { utf8 } from '../../src/base/bytes.ts'
import type { Path, TreeDifference, TreeEntry } from '../../src/files/interface.ts'
import { findRenames } from '../../src/files/renames.ts'
import { diffTrees, diffTreesThreeWay } from '../../src/files/tree-diff.ts'
import { bench, byBytes, fileOf, treeOf } from './support.ts'

const texts = fc.constantFrom('1', '2', '3')
// Directories and files have different names, so that no tree clashes.
const names = fc
  .tuple(fc.constantFrom('', 'd/', 'd/e/', 'd-'), fc.constantFrom('f', 'g', 'é', '😀'))
  .map((parts) => parts.join(''))
const flats = fc.dictionary(names, texts, { maxKeys: 10 })

function entryIn(flat: Readonly<Record<Path, string>>, path: Path): TreeEntry | null {
  return Object.hasOwn(flat, path) ? fileOf(flat[path]!) : null
}

describe('the difference of two trees', () => {
  test('names the paths that differ, in byte order', async () => {
    const room = bench()
    const before = await treeOf({ a: '1', 'd/x': '1', 'd/y': '1', z: '1' }, room)
    const after = await treeOf({ a: '1', 'd/x': '2', 'd/w': '1', z: '1' }, room)
    expect((await collect(diffTrees(before, after))).flat()).toEqual([
      { path: 'd/w', before: null, after: fileOf('1') },
      { path: 'd/x', before: fileOf('1'), after: fileOf('2') },
      { path: 'd/y', before: fileOf('1'), after: null },
    ])
  })

  test('is what the flattened trees differ in, with any prefix', async () => {
    await fc.assert(
      fc.asyncProperty(flats, flats, fc.constantFrom('', 'd', 'd/e', 'f', 'd/'), async (a, b, prefix) => {
        const room = bench()
        const found = await collect(diffTrees(await treeOf(a, room), await treeOf(b, room), { prefix }))
        const below = prefix.replace('/', '') === '' ? '' : `${prefix.replace(/\/$/, '')}/`
        const paths = [...new Set([...Object.keys(a), ...Object.keys(b)])]
          .filter((path) => a[path] !== b[path] && (path.startsWith(below) || path === prefix))
          .sort(byBytes)
        expect(found.flat()).toEqual(
          paths.map((path) => ({ path, before: entryIn(a, path), after: entryIn(b, path) })),
        )
      }),
      { numRuns: 200 },
    )
  })

  test('three ways is what the flattened trees differ in, and an unchanged side is base itself', async () => {
    await fc.assert(
      fc.asyncProperty(flats, flats, flats, async (base, ours, theirs) => {
        const room = bench()
        const [b, o, t] = [await treeOf(base, room), await treeOf(ours, room), await treeOf(theirs, room)]
        const found = (await collect(diffTreesThreeWay(b, o, t))).flat()
        const paths = [...new Set([base, ours, theirs].flatMap((flat) => Object.keys(flat)))]
          .filter((path) => base[path] !== ours[path] || base[path] !== theirs[path])
          .sort(byBytes)
        expect(found).toEqual(
          paths.map((path) => ({
            path,
            base: entryIn(base, path),
            ours: entryIn(ours, path),
            theirs: entryIn(theirs, path),
          })),
        )
        for (const { path, ...sides } of found) {
          if (base[path] === ours[path]) expect(sides.ours).toBe(sides.base)
          if (base[path] === theirs[path]) expect(sides.theirs).toBe(sides.base)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('renames', () => {
  const prose = (words: number, seed: string): string =>
    Array.from({ length: words }, (_, i) => `${seed} line ${i * 7919} of the text\n`).join('')

  async function renamesOf(before: Record<Path, string>, after: Record<Path, string>): Promise<string[]> {
    const { writer } = bench()
    const differences: TreeDifference[] = []
    for (const path of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (before[path] === after[path]) continue
      for (const flat of [before, after]) if (path in flat) writer.put('raw', utf8(flat[path]!))
      differences.push({ path, before: entryIn(before, path), after: entryIn(after, path) })
    }
    const { renames, others } = await findRenames(writer, differences)
    expect(others.length + 2 * renames.length).toBe(differences.length)
    return renames.map(({ from, to, likeness }) => `${from} -> ${to} ${likeness === 1 ? 'same' : 'alike'}`)
  }

  test('equal content that moved is a rename', async () => {
    expect(await renamesOf({ a: 'x', keep: 'y' }, { b: 'x', keep: 'y' })).toEqual(['a -> b same'])
  })

  test('of two with the same content, the name decides', async () => {
    const found = await renamesOf({ 'old/a': 'x', 'old/b': 'x' }, { 'new/b': 'x', 'new/a': 'x' })
    expect(found).toEqual(['old/b -> new/b same', 'old/a -> new/a same'])
  })

  test('each of many equal files moves once, in order where no name decides', async () => {
    const found = await renamesOf({ a: 'x', b: 'x', c: 'x', k: 'x' }, { 'd/k': 'x', 'd/m': 'x', 'd/n': 'x' })
    expect(found).toEqual(['k -> d/k same', 'a -> d/m same', 'b -> d/n same'])
  })

  test('a file that moved and changed a little is a rename', async () => {
    const [text, other] = [prose(200, 'one'), prose(200, 'two')]
    const found = await renamesOf(
      { a: text, b: other },
      { c: `${other}more\n`, d: text.replace('line', 'LINE') },
    )
    expect(found.sort()).toEqual(['a -> d alike', 'b -> c alike'])
  })

  test('empty files, a changed file and different texts are none', async () => {
    expect(await renamesOf({ a: '' }, { b: '' })).toEqual([])
    expect(await renamesOf({ a: 'x' }, { a: 'y' })).toEqual([])
    expect(await renamesOf({ a: prose(100, 'one') }, { b: prose(100, 'two') })).toEqual([])
  })
})
