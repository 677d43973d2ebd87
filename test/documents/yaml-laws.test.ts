// What must hold for every three YAML documents, as the package `yaml` writes and reads them.
import '../support/seed.ts'
import { performance } from 'node:perf_hooks'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import { mergeJson } from '../../src/documents/json/merge-json.ts'
import { mergeYaml } from '../../src/documents/yaml/merge-yaml.ts'
import { NotFit, type Tree } from '../../src/documents/structure/tree.ts'
import { ValueTable } from '../../src/documents/structure/values.ts'
import { readChunk, type Chunk } from '../../src/documents/yaml/chunk.ts'
import { createYamlReader } from '../../src/documents/yaml/read.ts'
import { scanYaml } from '../../src/documents/yaml/scan.ts'
import { cleanly, mergeTexts, rowsOf } from './documents.ts'

const scalar = fc.constantFrom<unknown>(
  0,
  1,
  -2.5,
  'a',
  'b: c',
  'two\nlines\n',
  '',
  'é',
  true,
  null,
  '007',
  '# no',
)
const value = (depth: number): fc.Arbitrary<unknown> =>
  depth === 0
    ? scalar
    : fc.oneof(scalar, record(depth - 1), list(depth - 1), fc.array(scalar, { maxLength: 3 }))
const record = (depth: number): fc.Arbitrary<object> =>
  fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd e'), value(depth), {
    noNullPrototype: true,
    minKeys: 1,
  })
const list = (depth: number): fc.Arbitrary<object[]> =>
  fc
    .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 5 }), record(depth)), {
      selector: ([id]) => id,
      minLength: 1,
    })
    .map((pairs) => pairs.map(([id, fields]) => ({ id, ...fields })))
const document = fc.oneof(record(2), list(1))
const spelled = fc.constantFrom<(json: unknown) => string>(
  (json) => stringify(json),
  (json) => stringify(json, { indent: 4, indentSeq: false }),
  (json) => stringify(json, { defaultStringType: 'QUOTE_DOUBLE' }).replaceAll('\n', '\r\n'),
)

describe('laws of merging YAML', () => {
  test('what one side alone changed is taken byte for byte', () => {
    fc.assert(
      fc.property(document, document, spelled, spelled, (one, other, spell, spellOther) => {
        const [base, side] = [spell(one), spellOther(other)]
        const merge = (a: string, b: string, c: string): string | null => {
          const merged = mergeYaml({ base: utf8(a), ours: utf8(b), theirs: utf8(c) }, { name: 'a.yaml' })
          return merged.kind === 'merged' ? utf8Text(merged.render()) : null
        }
        expect([side, null]).toContain(merge(base, side, base))
        expect([side, null]).toContain(merge(base, base, side))
        expect([side, null]).toContain(merge(base, side, side))
      }),
      { numRuns: 100 },
    )
  }, 120_000)

  test('YAML that merges cleanly has the value that JSON of the same values merges to', () => {
    fc.assert(
      fc.property(document, document, document, (base, ours, theirs) => {
        const [b, o, t] = [base, ours, theirs].map((json) => JSON.stringify(json)) as [string, string, string]
        const yaml = mergeYaml(
          {
            base: utf8(stringify(base)),
            ours: utf8(stringify(ours)),
            theirs: utf8(stringify(theirs)),
          },
          { name: 'a.yaml' },
        )
        // Collections in one line are merged whole in YAML, and may conflict where those of JSON do not.
        if (yaml.kind === 'unfit' || yaml.conflicts.length > 0) return
        const json = mergeTexts(mergeJson, b, o, t)
        expect(json.conflicts).toEqual([])
        expect(parse(utf8Text(yaml.render()))).toEqual(JSON.parse(json.text))
      }),
      { numRuns: 200 },
    )
  }, 120_000)

  test('broken text is refused or merged, and never ends in anything else', () => {
    const text = 'a: &x [1, "two"] # c\nb:\n  - id: 1\n    t: |\n      text\n  - *x\n"c": {d: !e 5}\n'
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.nat(text.length - 1), fc.constantFrom(...Array.from(' \n\t:-#"\'[]{}&*!|>%@a1é'))),
          {
            maxLength: 3,
          },
        ),
        fc.nat(text.length),
        (changes, length) => {
          const letters = Array.from(text)
          for (const [at, letter] of changes) letters[at] = letter
          const broken = letters.join('')
          const merge = mergeYaml(
            { base: utf8(text), ours: utf8(broken.slice(0, length)), theirs: utf8(broken) },
            { name: 'a.yaml' },
          )
          if (merge.kind === 'merged') expect(merge.render().length).toBeGreaterThan(0)
          else expect(merge.reason).not.toBe('')
        },
      ),
      { numRuns: 300 },
    )
  }, 120_000)
})

describe('large YAML', () => {
  test('a file of one key with everything under it is read in pieces and merged like any other', () => {
    const text = (change: number, comment: string): string =>
      `# head\nall: # ${comment}\n  # first\n${Array.from(
        { length: 2000 },
        (_, i) => `  key${i}:\n  - name ${i === change ? 'new' : i}\n  # about key${i + 1}\n`,
      ).join('')}last: 1\n`
    expect(cleanly(mergeYaml, text(-1, 'a'), text(5, 'a'), text(6, 'b'))).toBe(
      text(6, 'b').replace('- name 5\n', '- name new\n'),
    )
  }, 120_000)

  test('20,000 elements with a change on each side are merged in seconds', () => {
    const text = (change: number): string =>
      Array.from({ length: 20_000 }, (_, i) => `- id: ${i}\n  name: name ${i === change ? 'new' : i}\n`).join(
        '',
      )
    const started = performance.now()
    const merged = cleanly(mergeYaml, text(-1), text(5), text(6))
    expect(merged.match(/name new/g)?.length).toBe(2)
    expect(performance.now() - started).toBeLessThan(60_000)
  }, 120_000)
})

describe('reading YAML line by line', () => {
  const lines = fc.constantFrom(
    'a: 1',
    'b: "x # y"  # c',
    "'k k': it''s",
    "c: 'it''s'",
    'd:',
    'e: # why',
    '- x',
    '- a: 1',
    '-',
    '- - 1.50',
    '# note',
    '',
    'f: [1, "b", c d]',
    'g: {}',
    'h: {i: 1}',
    'j: |',
    'text',
    'k: &n ~',
    'l: *n',
    'm : 0x1F',
    'http://a: b:c',
    'n: a: b',
    'o: "a',
    '  "',
    'é: ü',
    'true: False',
    '? q',
    'r: !t 1',
    's: -',
    't: -1',
    'u: >-',
  )
  const indented = fc.tuple(fc.constantFrom(0, 0, 0, 2, 2, 4), lines).map(([n, line]) => ' '.repeat(n) + line)

  test('it reads what the package reads, row by row', () => {
    fc.assert(
      fc.property(
        fc.array(indented, { minLength: 1, maxLength: 8 }),
        fc.constantFrom('\n', '\r\n'),
        (all, end) => {
          const text = all.join(end) + end
          const values = new ValueTable()
          const rows = (read: () => Chunk): string[] | null => {
            try {
              const { tree, remarks } = read()
              return [...rowsOf(tree), ...remarks.toSorted()]
            } catch (error) {
              if (error instanceof NotFit) return null
              throw error
            }
          }
          const readPiece = (piece: string): Chunk => readChunk(piece, values)
          const scanned = rows(() =>
            scanYaml({ text, start: 0, values, plain: new Map(), readPiece, like: null }),
          )
          if (scanned !== null) expect(scanned).toEqual(rows(() => readPiece(text)))
        },
      ),
      { numRuns: 3000, examples: [[['k: &n ~', '  # note'], '\n']] },
    )
  }, 120_000)

  test('beside another version it reads what it reads alone', () => {
    const change = fc.tuple(fc.nat(), fc.nat(2), indented)
    fc.assert(
      fc.property(
        fc.array(indented, { minLength: 1, maxLength: 14 }),
        fc.array(change, { maxLength: 3 }),
        (all, changes) => {
          const changed = [...all]
          for (const [at, removed, line] of changes) {
            changed.splice(at % (changed.length + 1), removed, ...(removed === 2 ? [] : [line]))
          }
          const [base, text] = [all, changed].map((lines) => lines.map((line) => `${line}\n`).join(''))
          const reader = createYamlReader(new ValueTable())
          const read = (own: string, like: Tree | null): Tree | null => {
            try {
              return reader.read(own, like)
            } catch (error) {
              if (error instanceof NotFit) return null
              throw error
            }
          }
          const known = read(base!, null)
          const [alone, beside] = [read(text!, null), read(text!, known)]
          const found = (tree: Tree | null): string[] | null =>
            tree === null ? null : [...rowsOf(tree), ...reader.remarks(tree).toSorted()]
          expect(found(beside)).toEqual(found(alone))
        },
      ),
      { numRuns: 1000, examples: [[['h: {i: 1}', '  # note', 'a: 1'], []]] },
    )
  }, 120_000)
})
