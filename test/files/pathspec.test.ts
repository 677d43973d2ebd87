// What pathspecs stand for, held against `git ls-files`, and what is read for them.
import * as fc from 'fast-check'
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { PathSelection } from '../../src/files/path-selection.ts'
import { pathspec } from '../../src/files/pathspec.ts'
import { scanSelected } from '../../src/files/scan-selected.ts'
import { gitIn } from '../support/git-in.ts'
import { temporaryDir } from '../support/temporary.ts'
import { Tree } from '../../src/files/tree.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { counting } from '../prolly/support.ts'
import { bench, treeOf } from './support.ts'

const files = (
  'a.csv b.txt README star st*r we[1]rd.csv we1rd.csv a]b - ab ' +
  'b- a-b ! data/x.csv data/z.txt data/deep/y.csv data/deep/er/w.csv sub/k.csv sub/data/x.csv a/b/a'
).split(' ')

let dir: string
beforeAll(() => {
  dir = temporaryDir()
  for (const name of files) {
    fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
    fs.writeFileSync(path.join(dir, name), '')
  }
  gitIn(dir, {})('init', '-q')
  gitIn(dir, {})('add', '.')
})

function listed(folder: string, words: readonly string[]): string[] {
  const out = gitIn(path.join(dir, folder), {})('ls-files', '-z', '--full-name', '--', ...words)
  return out.split('\0').slice(0, -1).sort()
}

function selected(folder: string, words: readonly string[]): string[] {
  const named = words.map((word) => pathspec(word, { folder }))
  // As `ls-files` has it.
  const selection = new PathSelection(
    named.every(({ exclude }) => exclude) ? [folder || '.', ...named] : named,
  )
  return files.filter((name) => selection.has(name)).sort()
}

const words = [
  ['*.csv'],
  ['data/*.csv'],
  ['data'],
  ['d*'],
  ['da*/'],
  ['*/x.csv'],
  ['**/x.csv'],
  ['data/**/?.csv'],
  ['[ab].*'],
  ['[!a]*.csv'],
  ['[^a-r]*'],
  ['[[:upper:]]*'],
  ['[[:alpha:]].*'],
  ['[]a].csv'],
  ['[a'],
  ['st*r'],
  ['we[1]rd.csv'],
  ['a\\.csv'],
  ['st\\*r'],
  [':(literal)st*r'],
  [':(literal)we[1]rd.csv'],
  [':(glob)*.csv'],
  [':(glob)data/*'],
  [':(glob)data/**'],
  [':(glob)**/x.csv'],
  [':(glob)**/deep/**/w.csv'],
  [':(glob)data/**/*.csv'],
  [':(glob)d**/x.csv'],
  [':(glob)d?ta/x.csv'],
  [':(glob)data?x.csv'],
  ['data?x.csv'],
  [':(glob)data[/]x.csv'],
  [':(glob)st*r'],
  [':(icase)readme'],
  [':(icase)DATA/X*'],
  [':(icase)DATA/[W-X]*'],
  [':(icase,glob)DATA/*.CSV'],
  [':(icase)DATA'],
  [':(top)a.csv'],
  [':/a*'],
  [':/'],
  [':'],
  [':!*.csv'],
  [':^data'],
  [':(exclude)data', ':!sub'],
  [':(exclude,glob)*.csv'],
  [':(exclude,icase)DATA/X.csv'],
  ['*.csv', ':!data'],
  ['*.csv', ':!data/deep', ':(exclude)a*'],
  ['data', ':!data/deep'],
  ['.', ':!*.txt'],
  [':/!data'],
  [':!/data/deep'],
  ['nothing*'],
  ['nothing*', 'a.csv'],
]

test('pathspecs stand for what they stand for in Git', () => {
  const inside = [
    ['../*.txt'],
    [':(icase)X*', ':(icase)../SUB/*'],
    [':(icase)../DATA/x*'],
    ['deep/../*.txt'],
    ['..'],
  ]
  for (const [folder, list] of [
    ['', words],
    ['data', [...words, ...inside]],
  ] as const)
    for (const one of list)
      expect([folder, one, selected(folder, one)]).toEqual([folder, one, listed(folder, one)])
})

test('so do patterns that nobody would write', () => {
  const part = fc.constantFrom(
    'a',
    'b',
    '-',
    '/',
    '*',
    '**',
    '?',
    '[',
    ']',
    '!',
    '^',
    '\\',
    '**/',
    '[ab]',
    '.',
  )
  const pattern = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
  const marks = fc.constantFrom(':(top)', ':(glob)', ':(icase)', ':(glob,icase)')
  fc.assert(
    fc.property(marks, pattern, (mark, text) => {
      // Git's own reading of these depends on what stands before the first wildcard.
      fc.pre(!/[^/]\*\*|\*\*[^/]/.test(text) && !/^\/|\/\/|\/$|(^|\/)\.+(\/|$)/.test(text))
      expect([mark, text, selected('', [mark + text])]).toEqual([mark, text, listed('', [mark + text])])
    }),
    { numRuns: 150, seed: 20261128 },
  )
})

describe('a selection', () => {
  test('says where all that it has lies', () => {
    const starts = (...given: string[]): readonly string[] =>
      new PathSelection(given.map((one) => pathspec(one))).starts
    expect(starts('data/*.csv', 'data/deep', 'sub/x')).toEqual(['data', 'sub/x'])
    expect(starts('data*', 'sub')).toEqual([''])
    expect(starts('data/[d]eep/x', ':(literal)a[1]/b')).toEqual(['data', 'a[1]/b'])
    expect(starts(':!data')).toEqual([''])
    expect(new PathSelection([pathspec(':(icase)X*', { folder: 'data' })]).starts).toEqual(['data'])
  })

  test('takes a text as a path, whatever is in it', () => {
    const selection = new PathSelection(['we[1]rd.csv', ':!data', 'st*r'])
    expect(files.filter((name) => selection.has(name))).toEqual(['st*r', 'we[1]rd.csv'])
  })

  test('complains of the first that stands for nothing', async () => {
    const selection = new PathSelection(['data', pathspec('*.csv'), pathspec('*.nothing'), pathspec(':!x')])
    await expect(selection.requireMatches(files)).rejects.toThrow("path '*.nothing' matches no file")
    await selection.requireMatches(files, { isFound: ({ path: name }) => name === null })
    await expect(new PathSelection(['gone']).requireMatches(files)).rejects.toThrow(
      "path 'gone' matches no file",
    )
  })

  test('matches in a time that does not explode', () => {
    const selection = new PathSelection([
      pathspec(`${'*a'.repeat(200)}*b`),
      pathspec(`:(glob)${'**/*a*/'.repeat(100)}b`),
    ])
    expect(selection.has(`${'a'.repeat(400)}/${'a/'.repeat(250)}c`)).toBe(false)
  })

  test('goes by characters, not by bytes', () => {
    const has = (text: string): boolean => new PathSelection([pathspec(text)]).has('ä😀.csv')
    for (const text of ['??.csv', '[ä]*', '[[:alpha:]]*', ':(icase)Ä*'])
      expect([text, has(text)]).toEqual([text, true])
    expect(has('???.csv')).toBe(false)
  })
})

test('what is selected of a tree comes in the order of paths, and the rest of it is not read', async () => {
  const made = bench()
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`many/${i}`, `${i}`]))
  const { cid } = await treeOf(
    { ...many, 'a/x': '1', 'a-b': '2', a0: '3', 'z/y.csv': '4', 'z/y.txt': '5' },
    made,
  )
  const reader = counting(made.writer)
  const scan = async (...given: string[]): Promise<string[]> => {
    const tree = await Tree.load(new NodeStore(reader), cid)
    reader.objects = 0
    const batches = await collect(scanSelected(tree, new PathSelection(given.map((one) => pathspec(one)))))
    return batches.flat().map((one) => one.path)
  }
  expect(await scan('z/*.csv', 'a', 'a-b', 'a0')).toEqual(['a-b', 'a/x', 'a0', 'z/y.csv'])
  const few = reader.objects
  expect(await scan('many/1?', ':!many/11')).toHaveLength(9)
  expect(reader.objects).toBeGreaterThan(3 * few)
  expect(await scan(...Array.from({ length: 100 }, (_, i) => `many/${i}`), 'z')).toHaveLength(102)
})
