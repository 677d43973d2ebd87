import { describe, expect, test } from 'vitest'
import { mergeJson } from '../../src/documents/json/merge-json.ts'
import { clashes, cleanly, mergeTexts, unfit } from './documents.ts'

const merge = (base: string, ours: string, theirs: string): string => cleanly(mergeJson, base, ours, theirs)
const conflicts = (base: string, ours: string, theirs: string): string[] =>
  clashes(mergeJson, base, ours, theirs)

describe('JSON objects', () => {
  test('an element whose name one side changed is found by its key, however short', () => {
    const list = (...elements: object[]): string => JSON.stringify(elements)
    const [a, b, c] = [
      { key: 'a', name: 'one', n: 1 },
      { key: 'b', name: 'two', n: 2 },
      { key: 'c', name: 'three', n: 3 },
    ]
    const ours = list({ ...a, key: 'x' }, { ...b, m: 5 }, c)
    const theirs = list(a, { ...b, name: 'zwei' }, c)
    expect(cleanly(mergeJson, list(a, b, c), ours, theirs)).toBe(
      list({ ...a, key: 'x' }, { ...b, name: 'zwei', m: 5 }, c),
    )
  })

  test('different keys changed in one line are both taken', () => {
    expect(merge('{"a": 1, "b": 2}', '{"a": 10, "b": 2}', '{"a": 1, "b": 20}')).toBe('{"a": 10, "b": 20}')
  })

  test('keys added on both sides are both taken, ours first', () => {
    expect(merge('{"a":1}', '{"a":1,"x":2}', '{"a":1,"y":3}')).toBe('{"a":1,"x":2,"y":3}')
  })

  test('objects added on both sides under one key are one, unless they contradict each other', () => {
    expect(
      merge(
        '{"a":1}',
        '{"a":1,"scripts":{"build":"tsc","sub":{"k":1},"test":"vitest"}}',
        '{"a":1,"scripts":{"build":"tsc","lint":"oxlint","sub":{"k":1,"l":[2]}}}',
      ),
    ).toBe('{"a":1,"scripts":{"build":"tsc","lint":"oxlint","sub":{"k":1,"l":[2]},"test":"vitest"}}')
    for (const theirs of ['{"build":"vite","lint":"x"}', '{"sub":{"k":2}}', '{"list":[2]}']) {
      const ours = '{"build":"tsc","sub":{"k":1},"list":[1]}'
      const { conflicts, render } = mergeTexts(mergeJson, '{}', `{"s":${ours}}`, `{"s":${theirs}}`)
      expect(conflicts).toEqual([
        { kind: 'key-collision', where: '$.s', column: null, base: null, ours, theirs },
      ])
      expect([render('ours'), render('theirs')]).toEqual([`{"s":${ours}}`, `{"s":${theirs}}`])
    }
  })

  test('what both sides added at different places is not what one of them renamed', () => {
    for (const [ours, theirs] of [
      ['[{"id":5},{"id":3},{"id":6}]', '[{"id":6},{"id":3},{"id":2}]'],
      ['[{"id":6},{"id":3},{"id":2}]', '[{"id":5},{"id":3},{"id":6}]'],
    ] as const) {
      const merged = JSON.parse(merge('[{"id":1},{"id":3},{"id":4}]', ours, theirs)) as { id: number }[]
      expect(merged.map(({ id }) => id).sort((a, b) => a - b)).toEqual([2, 3, 5, 6])
    }
  })

  test('points of different rings, and of one ring, are merged in polygons of several', () => {
    const shape = (a: number, b: number): string =>
      JSON.stringify({
        type: 'MultiPolygon',
        coordinates: [
          [
            [
              [0, 0],
              [a, 1],
              [5, 5],
              [b, 9],
              [0, 0],
            ],
          ],
          [
            [
              [20, 20],
              [21, 20],
              [21, 21],
              [20, 20],
            ],
          ],
        ],
      })
    expect(merge(shape(1, 2), shape(7, 2), shape(1, 8))).toBe(shape(7, 8))
  })

  test('of a point both sides moved no third one is made', () => {
    const at = (...numbers: number[]): string => `{"type":"Point","coordinates":[${numbers.join()}]}`
    const { conflicts, render } = mergeTexts(mergeJson, at(1, 2), at(5, 2), at(1, 7.5))
    expect(conflicts).toEqual([
      { kind: 'cell', where: '$.coordinates', column: null, base: '[1,2]', ours: '[5,2]', theirs: '[1,7.5]' },
    ])
    expect(render('theirs')).toBe(at(1, 7.5))
    expect(merge(at(1, 2), at(1, 2.0), at(1, 7.5))).toBe(at(1, 7.5))
    expect(merge('[1,2,3,4]', '[9,2,3,4]', '[1,2,3,8]')).toBe('[9,2,3,8]')
  })

  test('an element that one side may have renamed, and the other took a part of, is a conflict', () => {
    const item = (index: string, type: string): string => `{${type}"item":{"index":"${index}","note":"x"}}`
    const typed = '"type":"reference",'
    const [base, ours, theirs] = [
      [item('orc', typed), item('elf', typed), item('gnome', typed)],
      [item('orc', typed), item('elf', ''), item('gnome', typed)],
      [item('orc', typed), item('fae', typed), item('gnome', typed)],
    ].map((items) => `[${items.join()}]`)
    const { conflicts } = mergeTexts(mergeJson, base!, ours!, theirs!)
    expect(conflicts.map(({ kind, where }) => [kind, where])).toEqual([['row', '$[item.index=elf]']])
    const removed = `[${item('orc', typed)},${item('gnome', typed)}]`
    expect(merge(base!, ours!, removed)).toBe(removed)
  })

  test('an element without a name that one side replaced, and the other took a part of, is a conflict', () => {
    const [one, other] = ['{"a":1,"b":2,"c":3,"d":4}', '{"x":7}']
    const { conflicts } = mergeTexts(mergeJson, `[${one}]`, `[{"a":1,"b":2,"c":3}]`, `[${other}]`)
    expect(conflicts.map(({ kind, where }) => [kind, where])).toEqual([['row', '$[0]']])
    expect(merge(`[${one}]`, `[${one}]`, `[${other}]`)).toBe(`[${other}]`)
    expect(merge(`[${one},5]`, `[{"a":1,"b":2,"c":3},5]`, '[5]')).toBe('[5]')
  })

  test('what tells that an element was renamed may lie in an object within it', () => {
    const item = (index: string, name: string): string =>
      `{"item":{"index":"${index}","url":"https://example.org/languages","name":"${name}"}}`
    expect(
      merge(
        `[${item('orc', 'Orc')},${item('elf', 'Elf')}]`,
        `[${item('orc', 'Orc')},${item('elf', 'Elvish')}]`,
        `[${item('orc', 'Orc')},${item('fae', 'Elf')}]`,
      ),
    ).toBe(`[${item('orc', 'Orc')},${item('fae', 'Elvish')}]`)
  })

  test('elements added on both sides under one id are no parts of one', () => {
    const { conflicts } = mergeTexts(
      mergeJson,
      '[{"id":1,"x":1}]',
      '[{"id":1,"x":1},{"id":2,"x":2}]',
      '[{"id":1,"x":1},{"id":2,"y":3}]',
    )
    expect(conflicts.map(({ kind, where }) => [kind, where])).toEqual([['key-collision', '$[id=2]']])
  })

  test('a key comes after the same predecessor as on its own side', () => {
    expect(merge('{"b":1,"a":2}', '{"b":1,"a":2,"z":0}', '{"b":1,"new":3,"a":2}')).toBe(
      '{"b":1,"new":3,"a":2,"z":0}',
    )
  })

  test('sorted keys stay sorted', () => {
    expect(merge('{"a":1,"c":1,"x":1}', '{"a":1,"c":1,"x":1,"z":1}', '{"a":1,"c":1,"x":1,"y":1}')).toBe(
      '{"a":1,"c":1,"x":1,"y":1,"z":1}',
    )
  })

  test('the same new key with one value is no conflict, with two it is a collision', () => {
    expect(merge('{}', '{"a":1}', '{"a":1}')).toBe('{"a":1}')
    expect(conflicts('{"k":0}', '{"k":0,"a":1}', '{"k":0,"a":2}')).toEqual(['key-collision $.a'])
  })

  test('a key removed here and changed there is a conflict', () => {
    const { conflicts: found, render } = mergeTexts(mergeJson, '{"a":1,"b":2}', '{"b":2}', '{"a":9,"b":2}')
    expect(found).toEqual([{ kind: 'row', where: '$.a', column: null, base: '1', ours: null, theirs: '9' }])
    expect(render('ours')).toBe('{"b":2}')
    expect(render('theirs')).toBe('{"a":9,"b":2}')
    expect(render('base')).toBe('{"a":1,"b":2}')
    expect(render({ value: '5' })).toBe('{"a":5,"b":2}')
  })

  test('a value changed differently on both sides is a conflict, and the rest is merged', () => {
    const outcome = mergeTexts(
      mergeJson,
      '{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n',
      '{\n  "a": 10,\n  "b": 2,\n  "c": 3\n}\n',
      '{\n  "a": 100,\n  "b": 2,\n  "c": 30\n}\n',
    )
    expect(outcome.conflicts).toEqual([
      { kind: 'cell', where: '$.a', column: null, base: '1', ours: '10', theirs: '100' },
    ])
    expect(outcome.text).toBe('{\n  "a": 10,\n  "b": 2,\n  "c": 30\n}\n')
    expect(outcome.render('theirs')).toBe('{\n  "a": 100,\n  "b": 2,\n  "c": 30\n}\n')
  })

  test('keys that theirs alone reordered come in the order of theirs', () => {
    expect(merge('{"a":1,"b":2,"c":3}', '{"a":1,"b":2,"c":4}', '{"c":3,"a":1,"b":2}')).toBe(
      '{"c":4,"a":1,"b":2}',
    )
  })
})

describe('JSON arrays with identities', () => {
  test('elements are told apart by an id, wherever they stand', () => {
    const base = '[{"id":1,"n":"a"},{"id":2,"n":"b"}]'
    expect(merge(base, '[{"id":1,"n":"A"},{"id":2,"n":"b"}]', '[{"id":2,"n":"B"},{"id":1,"n":"a"}]')).toBe(
      '[{"id":2,"n":"B"},{"id":1,"n":"A"}]',
    )
    expect(mergeTexts(mergeJson, base, base, base.replace('"b"', '"c"')).basis).toBe('values by key')
    expect(mergeTexts(mergeJson, base, base.replace('"a"', '"A"'), base.replace('"b"', '"c"')).basis).toBe(
      "values by key, array elements by 'id'",
    )
  })

  test('an id may lie in the properties of a feature', () => {
    const feature = (id: string, name: string): string =>
      `{"properties":{"id":"${id}","name":"${name}"},"x":[]}`
    expect(
      merge(
        `{"features":[${feature('a', 'A')},${feature('b', 'B')}]}`,
        `{"features":[${feature('a', 'A1')},${feature('b', 'B')}]}`,
        `{"features":[${feature('a', 'A')},${feature('b', 'B1')},${feature('c', 'C')}]}`,
      ),
    ).toBe(`{"features":[${feature('a', 'A1')},${feature('b', 'B1')},${feature('c', 'C')}]}`)
  })

  test('different elements added at one place are both taken, ours first', () => {
    expect(
      merge('[\n  {"id": 1}\n]\n', '[\n  {"id": 1},\n  {"id": 3}\n]\n', '[\n  {"id": 1},\n  {"id": 2}\n]\n'),
    ).toBe('[\n  {"id": 1},\n  {"id": 3},\n  {"id": 2}\n]\n')
  })

  test('sorted elements stay sorted', () => {
    expect(
      merge(
        '[{"id":1},{"id":2},{"id":5}]',
        '[{"id":1},{"id":2},{"id":4},{"id":5}]',
        '[{"id":1},{"id":2},{"id":3},{"id":5}]',
      ),
    ).toBe('[{"id":1},{"id":2},{"id":3},{"id":4},{"id":5}]')
  })

  test('two different elements with one new id are a collision', () => {
    expect(
      conflicts(
        '[{"id":1,"n":"a"}]',
        '[{"id":1,"n":"a"},{"id":2,"n":"b"}]',
        '[{"id":1,"n":"a"},{"id":2,"n":"c"}]',
      ),
    ).toEqual(['key-collision $[id=2]'])
  })

  test('one new id twice is a collision even where every line merges cleanly', () => {
    const lines = (...ids: string[]): string => `[\n${ids.join(',\n')}\n]\n`
    const [a, b, c, d] = ['{"id":1}', '{"id":2}', '{"id":3}', '{"id":4}']
    expect(
      conflicts(
        lines(a!, b!, c!, d!),
        lines('{"id":9,"n":1}', a!, b!, c!, d!),
        lines(a!, b!, c!, '{"id":9}', d!),
      ),
    ).toEqual(['key-collision $[id=9]'])
  })

  test('an element renamed on one side and changed on the other is one element', () => {
    const element = (name: string, hits: number): string =>
      `{"name":"${name}","text":"a long description","hits":${hits}}`
    expect(
      merge(
        `[${element('a', 1)},${element('b', 1)}]`,
        `[${element('a', 1)},${element('b', 2)}]`,
        `[${element('a', 1)},${element('B', 1)}]`,
      ),
    ).toBe(`[${element('a', 1)},${element('B', 2)}]`)
  })

  test('an element that both sides renamed is a conflict', () => {
    const element = (name: string): string => `{"name":"${name}","text":"a long description"}`
    expect(conflicts(`[${element('a')}]`, `[${element('b')}]`, `[${element('c')}]`)).toEqual([
      'cell $[name=a].name',
    ])
  })
})

describe('JSON arrays without identities', () => {
  test('appended strings are both taken, ours first, and none twice', () => {
    expect(merge('["x","b"]', '["x","b","d","c"]', '["x","b","a","c"]')).toBe('["x","b","d","a","c"]')
  })

  test('a string replaced differently on both sides is a conflict', () => {
    expect(conflicts('["a","b"]', '["a","c"]', '["a","d"]')).toEqual(['cell $["b"]'])
  })

  test('numbers are a sequence: neighbours change apart, both ends of one place clash', () => {
    expect(merge('[1.4, 2.1, 3, 4]', '[1.5, 2.1, 3, 4]', '[1.4, 2.2, 3, 4]')).toBe('[1.5, 2.2, 3, 4]')
    expect(conflicts('[1.5, 2.5]', '[1.5, 2.5, 3.5]', '[1.5, 2.5, 4.5]')).toEqual(['cell $[2]'])
  })

  test('an element removed here and changed there is a conflict', () => {
    expect(conflicts('[[1],[2],[3]]', '[[1],[3]]', '[[1],[2,2],[3]]')).toEqual(['row $[1]'])
  })

  test('an element that both sides changed in different places is merged within', () => {
    expect(merge('[{"x":1,"y":1,"z":1}]', '[{"x":2,"y":1,"z":1}]', '[{"x":1,"y":1,"z":3},{"q":[]}]')).toBe(
      '[{"x":2,"y":1,"z":3},{"q":[]}]',
    )
  })
})

describe('values of GeoJSON that mean something only as a whole', () => {
  test('of a line, different positions merge and the numbers of one do not', () => {
    const line = (...at: string[]): string => `{"type":"LineString","coordinates":[${at.join(',')}]}`
    const base = line('[1,2]', '[3,4]', '[5,6]')
    expect(merge(base, line('[1,9]', '[3,4]', '[5,6]'), line('[1,2]', '[3,4]', '[8,6]'))).toBe(
      line('[1,9]', '[3,4]', '[8,6]'),
    )
    expect(conflicts(base, line('[1,2]', '[3,9]', '[5,6]'), line('[1,2]', '[8,4]', '[5,6]'))).toEqual([
      'cell $.coordinates[1]',
    ])
  })

  test('a position is taken from one side in the layout of the other', () => {
    const at = (numbers: string): string => `{"coordinates":${numbers}}`
    expect(merge(at('[1, 2]'), at('[\n  1,\n  2\n]'), at('[1, 5]'))).toBe(at('[\n  1,\n  5\n]'))
  })

  test('a bbox is whole, also over several lines, and a list that grows is a list', () => {
    const box = (...numbers: number[]): string => `{"bbox":[\n${numbers.join(',\n')}],\n"x":1}`
    expect(conflicts(box(1, 2, 3, 4), box(0, 2, 3, 4), box(1, 2, 3, 5))).toEqual(['cell $.bbox'])
    expect(conflicts(box(1, 2, 0, 3, 4, 9), box(0, 2, 0, 3, 4, 9), box(1, 2, 0, 3, 4, 8))).toEqual([
      'cell $.bbox',
    ])
    expect(merge('{"ports":[80,443]}', '{"ports":[81,443]}', '{"ports":[80,443,8443]}')).toBe(
      '{"ports":[81,443,8443]}',
    )
  })

  test('a geometry whose type one side changed takes no positions from the other', () => {
    const feature = (type: string, at: string): string => `{"g":{"type":"${type}","coordinates":${at}},"n":1}`
    const [base, ours, theirs] = [
      feature('LineString', '[[1,2],[3,4],[5,6]]'),
      feature('MultiPoint', '[[1,2],[3,4],[5,6]]'),
      feature('LineString', '[[1,2],[3,4],[5,6],[1,2]]'),
    ]
    expect(conflicts(base, ours, theirs)).toEqual(['cell $.g'])
    expect(merge(base, ours, base.replace('"n":1', '"n":2'))).toBe(ours.replace('"n":1', '"n":2'))
  })
})

describe('features of GeoJSON without identities', () => {
  const feature = (at: readonly number[], properties: object | null): object => ({
    type: 'Feature',
    properties,
    geometry: { type: 'Point', coordinates: at },
  })
  const collection = (...features: object[]): string =>
    JSON.stringify({ type: 'FeatureCollection', features })
  const base = [feature([1, 1], { v: 1, w: 1 }), feature([2, 2], { v: 1, w: 1 })]

  test('features that both sides added at other places are both taken, ours first', () => {
    const [mine, other] = [feature([3, 3], { v: 2, w: 1 }), feature([4, 4], { v: 3, w: 1 })]
    expect(merge(collection(...base), collection(...base, mine), collection(...base, other))).toBe(
      collection(...base, mine, other),
    )
    const [bare, empty] = [feature([5, 5], null), feature([6, 6], {})]
    expect(merge(collection(), collection(bare), collection(empty))).toBe(collection(bare, empty))
  })

  test('features that both sides added at one place, or called almost alike, are a conflict', () => {
    const mine = feature([3, 3], { v: 2, w: 5, x: 7 })
    const others = [feature([3, 3], { v: 9 }), feature([4, 4], { v: 2, w: 5, x: 8 })]
    for (const other of others) {
      const sides = [collection(...base, mine), collection(...base, other)] as const
      expect(conflicts(collection(...base), ...sides)).toEqual(['cell $.features[2]'])
    }
  })
})

describe('the formatting of JSON', () => {
  test('what neither side touched stays byte for byte', () => {
    const odd = '{ "a" :1,\n\t\t"b":[1,  2 ],"c":"\\u00e9\\/", "d": %, "e":-0.50e+1 }\n\n'
    expect(
      merge(odd.replace('%', '1'), odd.replace('%', '2'), odd.replace('%', '1').replace('1,\n', '3,\n')),
    ).toBe(odd.replace('%', '2').replace('1,\n', '3,\n'))
  })

  test('a side that alone laid the file out anew gives the layout', () => {
    const pretty = '{\n  "a": 1,\n  "b": [\n    1,\n    2\n  ]\n}\n'
    const compact = '{"a":1,"b":[1,2]}'
    expect(merge(pretty, compact, pretty.replace('"a": 1', '"a": 5'))).toBe('{"a":5,"b":[1,2]}')
    expect(merge(pretty, pretty.replace('"a": 1', '"a": 5'), compact)).toBe('{"a":5,"b":[1,2]}')
    expect(merge(compact, pretty, '{"a":1,"b":[1,2],"c":{"d":[3]}}')).toBe(
      '{\n  "a": 1,\n  "b": [\n    1,\n    2\n  ],\n  "c": {\n    "d": [\n      3\n    ]\n  }\n}\n',
    )
  })

  test('a piece of theirs is shifted to the indent of ours', () => {
    expect(
      merge('{\n  "a": 1\n}', '{\n    "a": 1\n}', '{\n  "a": 1,\n  "b": {\n    "c": [1, 2]\n  }\n}'),
    ).toBe('{\n    "a": 1,\n    "b": {\n        "c": [1, 2]\n    }\n}')
  })

  test('numbers keep their digits, and a new spelling is taken like a change', () => {
    const [base, big] = ['{"n":1.0,"m":1}', '{"n":1.0,"m":12345678901234567890.10}']
    expect(merge(base, big, '{"n":1.00,"m":1}')).toBe('{"n":1.00,"m":12345678901234567890.10}')
    expect(merge('{"n":1.0}', '{"n":1.00}', '{"n":1e0}')).toBe('{"n":1.00}')
    expect(conflicts('{"n":0.1}', '{"n":0.2}', '{"n":0.20000000000000001}')).toEqual(['cell $.n'])
  })

  test('CRLF, a byte order mark and the missing final newline of ours stay', () => {
    expect(
      merge(
        '\ufeff{\r\n  "a": 1\r\n}',
        '\ufeff{\r\n  "a": 2\r\n}',
        '\ufeff{\r\n  "a": 1,\r\n  "b": [\r\n    1\r\n  ]\r\n}',
      ),
    ).toBe('\ufeff{\r\n  "a": 2,\r\n  "b": [\r\n    1\r\n  ]\r\n}')
  })

  test('a final newline, a mark or line ends that theirs alone changed are taken', () => {
    expect(merge('{"a":1,"b":1}', '{"a":2,"b":1}', '{"a":1,"b":2}\n')).toBe('{"a":2,"b":2}\n')
    expect(
      merge('{\n "a": 1,\n "b": 1\n}\n', '{\n "a": 2,\n "b": 1\n}\n', '{\r\n "a": 1,\r\n "b": 2\r\n}\r\n'),
    ).toBe('{\r\n "a": 2,\r\n "b": 2\r\n}\r\n')
  })

  test('the first and the last member removed leave no comma behind', () => {
    expect(merge('[\n  "a",\n  "b",\n  "c"\n]', '[\n  "b",\n  "c"\n]', '[\n  "a",\n  "b"\n]')).toBe(
      '[\n  "b"\n]',
    )
    expect(merge('{"a":1,"b":2}', '{"b":2}', '{"a":1}')).toBe('{}')
  })
})

describe('what is no JSON that can be merged', () => {
  test('is refused with the side and the reason', () => {
    expect(unfit(mergeJson, '{}', '{"a":1,}', '{}')).toBe('ours: it is not JSON: no key in line 1')
    expect(unfit(mergeJson, '{}', '{}', '{"a":1,\n"a":2}')).toBe(
      'theirs: it is not JSON: a key that stands twice in an object in line 1',
    )
    expect(unfit(mergeJson, '', '{}', '{}')).toBe('base: it is empty')
    expect(unfit(mergeJson, null, '{}', '{}')).toBe('the two versions have no base')
    expect(unfit(mergeJson, '{}', Uint8Array.of(0x22, 0xff, 0x22), '{}')).toBe('ours: it is not UTF-8')
    expect(unfit(mergeJson, '<<<<<<< a\n{}\n=======\n{}\n>>>>>>> b\n', '{}', '{}')).toContain(
      'base: it is not JSON',
    )
  })

  test.each([
    'NaN',
    '[1 2]',
    '{"a"}',
    '01',
    '1.',
    '.5',
    '+1',
    '"\t"',
    '"\\x"',
    '"a',
    '[1],',
    '// x\n1',
    "{'a':1}",
    'tru',
  ])('%s is refused', (text) => {
    expect(unfit(mergeJson, '[]', text, '[]')).toContain('ours: it is not JSON')
  })

  test('values of different kinds are refused, so that lines are tried', () => {
    expect(unfit(mergeJson, '1', '[1]', '{"a":1}')).toBe(
      'both sides changed the whole value, each in another way',
    )
  })
})
