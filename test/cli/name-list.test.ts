import { expect, test } from 'vitest'
import { joinNames, splitNames } from '../../src/cli/name-list.ts'

test.each<[string, string[]]>([
  ['a', ['a']],
  ['a,b', ['a', 'b']],
  ['a,,b,', ['a', 'b']],
  ['', ['']],
  ['"a,b",c', ['a,b', 'c']],
  ['c,"a ""b"""', ['c', 'a "b"']],
  ['"",c', ['', 'c']],
  ['a"b,c', ['a"b', 'c']],
  ['"', ['"']],
])('the list %j', (text, names) => {
  expect(splitNames(text)).toEqual(names)
})

test('a quote that does not end is refused, and what is joined is split again', () => {
  expect(() => splitNames('"a,b')).toThrow('does not end')
  expect(() => splitNames('"a"b,c')).toThrow('does not end')
  for (const names of [
    ['a', 'b,c'],
    ['', 'x'],
    ['"q"', 'a""b,'],
  ])
    expect(splitNames(joinNames(names))).toEqual(names)
})
