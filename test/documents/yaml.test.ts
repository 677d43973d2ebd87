import { describe, expect, test } from 'vitest'
import { mergeYaml } from '../../src/documents/yaml/merge-yaml.ts'
import { clashes, cleanly, mergeTexts, unfit } from './documents.ts'

const merge = (base: string, ours: string, theirs: string): string => cleanly(mergeYaml, base, ours, theirs)
const conflicts = (base: string, ours: string, theirs: string): string[] =>
  clashes(mergeYaml, base, ours, theirs)

describe('merge of YAML', () => {
  test('neighbouring keys changed on either side are both taken', () => {
    expect(merge('a: 1\nb: 2\n', 'a: 10\nb: 2\n', 'a: 1\nb: 20\n')).toBe('a: 10\nb: 20\n')
  })

  test('keys and elements added at one place are both taken, ours first', () => {
    expect(merge('a: 1\n', 'a: 1\nz: 2\n', 'a: 1\ny: 3\n')).toBe('a: 1\nz: 2\ny: 3\n')
    expect(merge('l:\n- a\n- x\n', 'l:\n- a\n- x\n- c\n', 'l:\n- a\n- x\n- b\n')).toBe(
      'l:\n- a\n- x\n- c\n- b\n',
    )
  })

  test('a collection of which both sides together removed everything is empty, and not null', () => {
    expect(merge('s:\n  a: 1\n  b: 2\nz: 1\n', 's:\n  a: 1\nz: 1\n', 's:\n  b: 2\nz: 1\n')).toBe(
      's: {}\nz: 1\n',
    )
    expect(merge('s:\n- a\n- b\nz: 1\n', 's:\n- a\nz: 1\n', 's:\n- b\nz: 1\n')).toBe('s: []\nz: 1\n')
  })

  test('what both sides put into an empty collection is in the merge', () => {
    expect(merge('s: []\nz: 1\n', 's:\n- a\nz: 1\n', 's:\n- b\nz: 1\n')).toBe('s:\n- a\n- b\nz: 1\n')
    expect(merge('s: {}\nz: 1\n', 's:\n  a: 1\nz: 1\n', 's:\n  b: 2\nz: 1\n')).toBe(
      's:\n  a: 1\n  b: 2\nz: 1\n',
    )
  })

  test('what theirs put into a collection that ours emptied comes at the indent of ours', () => {
    const base = 'k:\n  s:\n  - id: 1\nz: 1\n'
    const theirs = 'k:\n  s:\n  - id: 1\n  - id: 2\nz: 1\n'
    expect(merge(base, 'k:\n    s: []\nz: 1\n', theirs)).toBe('k:\n    s:\n    - id: 2\nz: 1\n')
    expect(merge(base, theirs, 'k:\n    s: []\nz: 1\n')).toBe('k:\n  s:\n  - id: 2\nz: 1\n')
  })

  test('line ends that one side alone turned are taken, and no comment clashes by them', () => {
    const base = 'a: # first\n  b: 1\n  c: 1 # third\nz: 1\n'
    const ours = base.replace('b: 1', 'b: 2').replaceAll('\n', '\r\n')
    const theirs = base.replace('# first', '# erst').replace('c: 1 # third', 'c: 3 # third')
    const merged = 'a: # erst\n  b: 2\n  c: 3 # third\nz: 1\n'.replaceAll('\n', '\r\n')
    expect(merge(base, ours, theirs)).toBe(merged)
    expect(merge(base, theirs, ours)).toBe(merged)
    expect(merge(base.replaceAll('\n', '\r\n'), ours, theirs.replaceAll('\n', '\r\n'))).toBe(merged)
  })

  test('elements are told apart by an id, also one within', () => {
    const element = (id: string, state: string, party: string): string =>
      `- id:\n    isbn: ${id}\n  state: ${state}\n  party: ${party}\n`
    const base = element('A1', 'OH', 'x') + element('B2', 'TX', 'y')
    const ours = element('A1', 'OH', 'x') + element('C3', 'ME', 'z') + element('B2', 'TX', 'q')
    const theirs = element('B2', 'WA', 'y') + element('A1', 'OH', 'x')
    const outcome = mergeTexts(mergeYaml, base, ours, theirs)
    expect(outcome.basis).toBe("values by key, array elements by 'id.isbn'")
    expect(outcome.conflicts).toEqual([])
    expect(outcome.text).toBe(element('B2', 'WA', 'q') + element('A1', 'OH', 'x') + element('C3', 'ME', 'z'))
  })

  test('a value changed differently on both sides is a conflict, the rest is merged', () => {
    const outcome = mergeTexts(
      mergeYaml,
      'a:\n  b: 1\n  c: 1\n',
      'a:\n  b: 2\n  c: 1\n',
      'a:\n  b: 3\n  c: 4\n',
    )
    expect(outcome.conflicts).toEqual([
      { kind: 'cell', where: '$.a.b', column: null, base: '1', ours: '2', theirs: '3' },
    ])
    expect(outcome.text).toBe('a:\n  b: 2\n  c: 4\n')
    expect(outcome.render('theirs')).toBe('a:\n  b: 3\n  c: 4\n')
    expect(outcome.render({ value: '[7]' })).toBe('a:\n  b: [7]\n  c: 4\n')
  })

  test('a text of several lines is merged by lines, at the indent of ours', () => {
    const job = (script: string): string => `jobs:\n- id: 1\n  run: |\n${script}  on: x\n`
    const [ci, test_, lint] = ['    npm ci\n', '    npm test\n\n', '    # lint\n']
    const theirs = job(ci + test_ + '    # lint all\n')
      .replaceAll(/\n(?=.)/g, '\n  ')
      .replace('on: x', 'on: y')
    expect(merge(job(ci + test_ + lint), job('    npm i\n' + test_ + lint), theirs)).toBe(
      job('    npm i\n' + test_ + '    # lint all\n').replace('on: x', 'on: y'),
    )
    for (const text of [
      '>-\n  one\n  two\n  six',
      'one\n  two\n  six',
      '"one\n  two\n  six"',
      "'one\n  two\n  six'",
    ]) {
      const base = `a: ${text}\nb: 1\n`
      expect(merge(base, base.replace('one', 'un'), base.replace('six', 'sept'))).toBe(
        base.replace('one', 'un').replace('six', 'sept'),
      )
      expect(conflicts(base, base.replace('two', 'deux'), base.replace('two', 'zwei'))).toEqual(['cell $.a'])
    }
  })

  test('a list of words in one line is merged as a set', () => {
    const list = (words: string): string => `on:\n  branches: ${words} # which\n  x: 1\n`
    for (const [base, ours, theirs, merged] of [
      ['[main]', '[main, dev]', '[main, next]', '[main, dev, next]'],
      ['[a, b, c]', '[a, c]', '[a, b, c, v1.0]', '[a, c, v1.0]'],
      ['[a, b]', '[b]', '[a]', '[]'],
      ['[3.9, 3.10]', '[3.8, 3.9, 3.10]', '[3.9, 3.10, 3.11]', '[3.8, 3.9, 3.10, 3.11]'],
      ['[ a,b ]', '[a, b, d]', '[c, a, b]', '[c, a, b, d]'],
    ] as const)
      expect(merge(list(base), list(ours), list(theirs))).toBe(list(merged))
    for (const [ours, theirs] of [
      ['[a, a]', '[b]'],
      ['["x"]', '[b]'],
      ['[{a: 1}]', '[b]'],
    ] as const)
      expect(conflicts(list('[a]'), list(ours), list(theirs))).toEqual(['cell $.on.branches'])
  })

  test('a text that names its indent, or is written otherwise on one side, is merged whole', () => {
    const base = 'a: |2\n   one\n  two\n  six\n'
    expect(conflicts(base, base.replace('one', 'un'), base.replace('six', 'sept'))).toEqual(['cell $.a'])
    const literal = 'a: |\n  one\n  two\n  six\n'
    expect(conflicts(literal, literal.replace('one', 'un'), 'a: sept\n')).toEqual(['cell $.a'])
  })

  test('a key removed here and changed there is a conflict', () => {
    const outcome = mergeTexts(mergeYaml, 'a: 1\nb: 1\n', 'b: 1\n', 'a: 2\nb: 1\n')
    expect(outcome.conflicts.map(({ kind, where }) => `${kind} ${where}`)).toEqual(['row $.a'])
    expect(outcome.render('ours')).toBe('b: 1\n')
    expect(outcome.render('theirs')).toBe('a: 2\nb: 1\n')
  })

  test('two different values for one new key are a collision; one that says more holds', () => {
    expect(conflicts('k: 0\n', 'k: 0\na: 1\n', 'k: 0\na: 2\n')).toEqual(['key-collision $.a'])
    expect(merge('k: 0\n', 'k: 0\na:\n  x: 1\n', 'k: 0\na:\n  x: 1\n  y: 2\n')).toBe(
      'k: 0\na:\n  x: 1\n  y: 2\n',
    )
  })

  test('one key that lines would double is one', () => {
    expect(merge('a: 1\nd: 1\nz: 1\n', 'a: 1\nn: 0\nd: 1\nz: 1\n', 'a: 1\nd: 1\nn: 0\nz: 1\n')).toBe(
      'a: 1\nn: 0\nd: 1\nz: 1\n',
    )
  })

  test('numbers keep their spelling, and text that looks like a number stays text', () => {
    expect(merge('a: 1.0\nb: "1"\nc: 0\n', 'a: 1.0\nb: 1\nc: 0\n', 'a: 1.00\nb: "1"\nc: 007\n')).toBe(
      'a: 1.00\nb: 1\nc: 007\n',
    )
    expect(conflicts('a: "1"\n', 'a: 1\n', 'a: "2"\n')).toEqual(['cell $.a'])
  })
})

describe('the text of YAML', () => {
  test('comments stay with what they are written at', () => {
    expect(
      merge(
        '# head\na: 1 # one\n\n# about b\nb: 2\n',
        '# head\na: 1 # one\n\n# about b\nb: 3\n',
        '# head\na: 4 # four\n\n# about b, more\nb: 2\n# about c\nc: 5\n# end\n',
      ),
    ).toBe('# head\na: 4 # four\n\n# about b, more\nb: 3\n# about c\nc: 5\n# end\n')
  })

  test('a comment that both sides changed is left to the merge of lines', () => {
    expect(unfit(mergeYaml, '# x\na: 1\nb: 1\n', '# y\na: 2\nb: 1\n', '# z\na: 1\nb: 2\n')).toBe(
      'both sides changed the comments of one value',
    )
  })

  test('anchors, aliases, tags, quotes and block scalars stay as they are written', () => {
    const text = (a: string, b: string): string =>
      `base: &base\n  x: ${a}\n  y: 'it''s'\nuse:\n  <<: *base\n  t: !date 2020-01-01\ntext: |\n  one\n\n  # no comment\nlist: [1,  2]\nb: ${b}\n`
    expect(merge(text('1', '1'), text('2', '1'), text('1', '2'))).toBe(text('2', '2'))
  })

  test('a piece of theirs comes in the column of ours', () => {
    expect(
      merge(
        'l:\n- id: 1\n  a: x\n',
        'l:\n    - id: 1\n      a: y\n',
        'l:\n- id: 1\n  a: x\n- id: 2\n  t: |\n    one\n     two\n',
      ),
    ).toBe('l:\n    - id: 1\n      a: y\n    - id: 2\n      t: |\n        one\n         two\n')
  })

  test('CRLF, the line before the document and a missing final newline of ours stay', () => {
    expect(merge('---\r\na: 1\r\nb: 1', '---\r\na: 2\r\nb: 1', '---\r\na: 1\r\nb: 1\r\nc: 3')).toBe(
      '---\r\na: 2\r\nb: 1\r\nc: 3',
    )
  })

  test('the first key of an element removed leaves the next one behind the dash', () => {
    expect(merge('- a: 1\n  b: 2\n  c: 3\n', '- b: 2\n  c: 3\n', '- a: 1\n  b: 2\n  c: 4\n')).toBe(
      '- b: 2\n  c: 4\n',
    )
    expect(merge('- b: 2\n  c: 3\n', '- a: 1\n  b: 2\n  c: 3\n', '- b: 2\n  c: 4\n')).toBe(
      '- a: 1\n  b: 2\n  c: 4\n',
    )
  })
})

describe('what is no YAML that can be merged', () => {
  test.each([
    ['a: 1\na: 2\n', 'a key that stands twice'],
    ['a: [1\n', 'not YAML'],
    ['%YAML 1.1\n---\na: 1\n', 'directives'],
    ['? a\n: 1\n', 'a key of a form'],
    ['{a: 1}\n', 'not a block'],
    ['just text\n', 'not a block'],
    ['a:\n\tb: 1\n', 'indented by tabs'],
    ['<<<<<<< a\nb: 1\n=======\nb: 2\n>>>>>>> c\n', 'no'],
  ])('%j is refused', (text, reason) => {
    expect(unfit(mergeYaml, 'a: 1\n', text, 'a: 2\n')).toContain(reason)
  })

  test('100,000 levels of brackets or blocks are refused', () => {
    expect(
      unfit(mergeYaml, 'a: 1\n', `a: ${'['.repeat(100_000)}${']'.repeat(100_000)}\n`, 'a: 1\n'),
    ).toContain('nested')
    const blocks = `${'- '.repeat(100_000)}1\n`
    expect(unfit(mergeYaml, 'a: 1\n', blocks, 'a: 1\n')).toContain('nested')
    const steps = Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}a:\n`).join('')
    expect(unfit(mergeYaml, 'a: 1\n', `${steps}${' '.repeat(2000)}b: 1\n`, 'a: 1\n')).toContain('nested')
  })
})
