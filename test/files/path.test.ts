import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { pathFault, pathFromBytes, pathToBytes, safePath } from '../../src/files/path.ts'

function refused(path: string): boolean {
  try {
    safePath(path)
    return false
  } catch (error) {
    if (!isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
    return true
  }
}

function caseMixes(name: string): string[] {
  return name
    .split('')
    .reduce<string[]>(
      (heads, letter) => heads.flatMap((head) => [...new Set([head + letter, head + letter.toUpperCase()])]),
      [''],
    )
}

const ignorables = [0x200c, 0x200d, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e]
  .concat([0x206a, 0x206b, 0x206c, 0x206d, 0x206e, 0x206f, 0xfeff])
  .map((code) => String.fromCharCode(code))

const tails = [
  '.',
  ' ',
  '..',
  ' .',
  '. ',
  '. . ',
  '   ',
  '....',
  '::$INDEX_ALLOCATION',
  ':x',
  ' :x',
  '.:$DATA',
]

describe('safePath', () => {
  test.each([
    'people.csv',
    'data/2024/people.csv',
    'a',
    '.varveignore',
    '.gitignore',
    '.gitattributes',
    'varve.yaml',
    'a b/c d',
    'ünïcode/日本/😀.txt',
    'x~y',
    'git',
    'varve',
    'git~x',
    'a.b.',
    '.hidden/..x',
    'a/b:c',
    '-rf',
    'vault~1',
    '\u007f',
    `${'x'.repeat(255)}/y`,
    'CON',
    'data/.gi',
    '\udcff\udcfe.bin',
    'a'.repeat(255),
    'ab/'.repeat(333) + 'c',
  ])('%j passes', (path) => {
    expect(safePath(path)).toBe(path)
  })

  test.each([
    ['', 'is empty'],
    ['.', "has the component '.'"],
    ['..', "has the component '..'"],
    ['a/../b', "has the component '..'"],
    ['a/./b', "has the component '.'"],
    ['a/.. /b', "has the component '.. '"],
    ['...', "has the component '...'"],
    ['.\u200c.', "has the component '.\u200c.'"],
    ['a//b', 'has an empty component'],
    ['a/', 'has an empty component'],
    ['/etc/passwd', 'is absolute'],
    ['..\\test', 'has a backslash, which Windows reads as a separator'],
    ['a\\..\\..\\b', 'has a backslash, which Windows reads as a separator'],
    ['\\\\?\\C', 'has a backslash, which Windows reads as a separator'],
    ['C:', 'begins with a drive letter'],
    ['C:x', 'begins with a drive letter'],
    ['é:x', 'begins with a drive letter'],
    ['1:/x', 'begins with a drive letter'],
    ['a\0b', 'has a control character'],
    ['a\nb', 'has a control character'],
    ['a\r', 'has a control character'],
    ['a\u001bb', 'has a control character'],
    ['\ud800', 'has half a character'],
    ['\udcc3\udca9', 'has half a character'],
    ['x'.repeat(256), 'has a component longer than 255 bytes'],
    ['é'.repeat(128), 'has a component longer than 255 bytes'],
    ['ab/'.repeat(333) + 'cd', 'is longer than 1000 bytes'],
    ['.varve', "has the reserved component '.varve'"],
    ['.git/config', "has the reserved component '.git'"],
    ['a/b/.git', "has the reserved component '.git'"],
  ])('%j is refused: it %s', (path, fault) => {
    expect(pathFault(path)).toBe(fault)
    expect(refused(path)).toBe(true)
  })

  test('.varve and .git are refused in every mix of case, at every depth', () => {
    for (const name of [...caseMixes('.varve'), ...caseMixes('.git')]) {
      for (const path of [name, `${name}/config`, `a/${name}`, `a/b/${name}/c`])
        expect([path, refused(path)]).toEqual([path, true])
    }
  })

  test('their NTFS spellings are refused: tails, streams, short names', () => {
    const spelled = ['.varve', '.GIT'].flatMap((name) => tails.map((tail) => name + tail))
    const short = [
      'VARVE~1',
      'varve~2',
      'GIT~1',
      'git~4',
      'GI7EBA~1',
      'VA12EF~1',
      'GIT~1.',
      'git~1 ',
      'GIT~1:x',
      'git~10',
    ]
    for (const name of [...spelled, ...short]) {
      for (const path of [name, `a/${name}`, `${name}/b`]) expect([path, refused(path)]).toEqual([path, true])
    }
  })

  test('their HFS+ spellings are refused: every ignorable code point at every place', () => {
    for (const name of ['.varve', '.git']) {
      for (const code of ignorables) {
        for (let at = 0; at <= name.length; at++) {
          expect(refused(`a/${name.slice(0, at)}${code}${name.slice(at)}`)).toBe(true)
        }
      }
    }
  })

  test('no character that folds to a letter of theirs gets through', () => {
    for (const name of ['.varve', '.git']) {
      for (let code = 0x80; code <= 0xffff; code++) {
        const letter = String.fromCharCode(code)
        const folds = [letter.toLowerCase(), letter.toUpperCase().toLowerCase(), letter.toLowerCase()[0]!]
        for (let at = 1; at < name.length; at++) {
          if (folds.includes(name[at]!))
            expect(refused(name.slice(0, at) + letter + name.slice(at + 1))).toBe(true)
        }
      }
    }
  })

  test('what passes can be written below a directory and stays there', () => {
    const piece = fc.constantFrom(
      '.',
      '..',
      '/',
      'a',
      '.git',
      ':',
      '\\',
      ' ',
      '~1',
      'GIT',
      '\u200c',
      '\0',
      'b.c',
    )
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join('')),
        (path) => {
          if (refused(path)) return
          const url = new URL(path.split('/').map(encodeURIComponent).join('/'), 'file:///root/dir/')
          expect(decodeURIComponent(url.pathname)).toBe(`/root/dir/${path}`)
          expect(path.toLowerCase().split('/')).not.toContain('.git')
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('paths as bytes', () => {
  test('any bytes come back', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .array(fc.constantFrom(0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xed, 0xa0), {
          maxLength: 12,
        })
        .map((list) => Uint8Array.from(list)),
    )
    fc.assert(
      fc.property(bytes, (name) => {
        expect(pathToBytes(pathFromBytes(name))).toEqual(name)
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    [[0x61, 0xff], 'a\udcff'],
    [[0xe9], '\udce9'],
    [[0xc3, 0xa9], 'é'],
    [[0xed, 0xa0, 0x80], '\udced\udca0\udc80'],
    [[0xf0, 0x9f, 0x98, 0x80, 0xf0, 0x9f], '😀\udcf0\udc9f'],
  ])('%j is %j', (bytes, path) => {
    expect(pathFromBytes(Uint8Array.from(bytes))).toBe(path)
  })

  test('a string that no bytes give is refused', () => {
    expect(() => pathToBytes('\ud800')).toThrow('cannot be written as bytes')
    expect(() => pathToBytes('\udcc3\udca9')).toThrow('cannot be written as bytes')
  })
})
