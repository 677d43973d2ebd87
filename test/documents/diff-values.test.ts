// Two versions of a JSON or YAML file, value by value.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diffDocumentValues } from '../../src/documents/diff-values.ts'
import type { ValueChange } from '../../src/documents/structure/diff-values.ts'

function changes(before: string, after: string, name = 'a.json'): readonly string[] {
  const found = diffDocumentValues(before, after, { name })
  if (found.kind === 'unfit') return [`unfit: ${found.reason}`]
  const spelled = (value: string | null): string => value?.trim().replaceAll(/\s+/g, ' ') ?? '-'
  return [
    ...found.changes.map(({ kind, path, before: old, after: fresh }) =>
      kind === 'reordered' ? `reordered ${path}` : `${kind} ${path} ${spelled(old)} ${spelled(fresh)}`,
    ),
    ...(found.isRespelled ? ['respelled'] : []),
  ]
}

describe('a JSON file', () => {
  test('members by their keys, in the order of the newer version', () => {
    expect(changes('{"a":1,"b":{"c":true},"d":null}', '{"new key":0,"a":1,"b":{"c":false},"e":[]}')).toEqual([
      'added $["new key"] - 0',
      'changed $.b.c true false',
      'added $.e - []',
      'removed $.d null -',
    ])
  })

  test('elements by what tells them apart, wherever they stand', () => {
    const before = '[{"id":1,"v":"a"},{"id":2,"v":"b"},{"id":3,"v":"c"}]'
    const after = '[{"id":3,"v":"c"},{"id":1,"v":"x"},{"id":4,"v":"d"}]'
    expect(changes(before, after)).toEqual([
      'reordered $',
      'removed $[id=2] {"id":2,"v":"b"} -',
      'changed $[id=1].v "a" "x"',
      'added $[id=4] - {"id":4,"v":"d"}',
    ])
  })

  test('members of sets, and elements that nothing names by their order', () => {
    expect(changes('{"tags":["a","b"]}', '{"tags":["a","c","b"]}')).toEqual(['added $.tags["c"] - "c"'])
    const before = '{"list":[{"x":1,"y":1},{"x":1,"y":1},{"x":2,"y":2,"z":3}]}'
    const after = '{"list":[{"x":1,"y":1},{"x":2,"y":2,"z":4}]}'
    expect(changes(before, after)).toEqual(['removed $.list[1] {"x":1,"y":1} -', 'changed $.list[1].z 3 4'])
  })

  test('a line that was drawn anew is one change, a few numbers are several', () => {
    const line = (step: number): string =>
      JSON.stringify({ name: 'x', at: Array.from({ length: 10 }, (_, i) => [i, i * step]) })
    expect(changes(line(2), line(3))).toEqual([
      expect.stringMatching(/^changed \$\.at \[\[0,0\],\[1,2\].* \[\[0,0\],\[1,3\]/),
    ])
    expect(changes('{"size":[1,2,3]}', '{"size":[1,5,4]}')).toEqual([
      'changed $.size[1] 2 5',
      'changed $.size[2] 3 4',
    ])
  })

  test('numbers are compared by value and never as doubles; other spelling is said, not shown', () => {
    expect(changes('{"a":1.0,"b":1}', '{"a":1.00,"b":2}')).toEqual(['changed $.b 1 2', 'respelled'])
    expect(changes('{"a":0.1}', '{"a":0.10000000000000001}')).toEqual(['changed $.a 0.1 0.10000000000000001'])
    expect(changes('{"a":1,"b":1}', '{"b":1,"a":2}')).toEqual(['changed $.a 1 2', 'respelled'])
    expect(changes('{"a": 1, "b":1}', '{"a":1, "b":2}')).toEqual(['changed $.b 1 2', 'respelled'])
  })

  test.each([
    ['only how it is written has changed', '{"a":1}', '{ "a": 1 }', 'no value has changed'],
    ['nothing is common', '{"a":1}', '[1]', 'nothing in common'],
    ['it is not JSON', '{"a":1}', '{"a":1', ''],
    ['a key stands twice', '{"a":1}', '{"a":1,"a":2}', ''],
    ['it is not UTF-8', '{"a":"\ufffd"}', '{"a":"b"}', 'not UTF-8'],
  ])('where %s, lines tell more', (_what, before, after, why) => {
    expect(changes(before, after)).toEqual([expect.stringMatching(new RegExp(`^unfit: .*${why}`))])
  })
})

test('JSON Lines: records by what tells them apart', () => {
  expect(changes('{"id":1,"v":1}\n{"id":2,"v":1}\n', '{"id":2,"v":3}\n{"id":5,"v":1}\n', 'a.jsonl')).toEqual([
    'removed $[id=1] {"id":1,"v":1} -',
    'changed $[id=2].v 1 3',
    'added $[id=5] - {"id":5,"v":1}',
  ])
})

describe('a YAML file', () => {
  test('values by their keys, however they are laid out', () => {
    const before = '# what\nname: x\nsteps:\n  - name: a\n    run: b\n  - name: c\n    run: d\n'
    const after = '# what\r\nname: y\r\nsteps:\r\n  - name: c\r\n    run: e\r\n'
    expect(changes(before, after, 'a.yml')).toEqual([
      'changed $.name x y',
      'removed $.steps[name=a] name: a run: b -',
      'changed $.steps[name=c].run d e',
      'respelled',
    ])
  })

  test('where a comment or an anchor has changed too, lines tell more', () => {
    expect(changes('a: 1 # one\nb: 1\n', 'a: 1 # uno\nb: 2\n', 'a.yaml')).toEqual([
      'unfit: comments, anchors or tags have changed',
    ])
  })
})

describe('any two documents', () => {
  const scalar = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom('', 'a', 'b"\n', null, true))
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ depthSize: 'small' }, scalar, tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 4 }),
    object: fc.dictionary(fc.constantFrom('a', 'b', 'id', 'x y', '__proto__'), tie('value'), { maxKeys: 4 }),
  }))
  const text = (inner: unknown): string => JSON.stringify({ root: inner })

  test('differ in a value if, and only if, they are different values', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const found = diffDocumentValues(text(a), text(b), { name: 'a.json' })
        expect(found.kind === 'values').toBe(sorted(a) !== sorted(b))
        expect(diffDocumentValues(text(a), text(a), { name: 'a.json' }).kind).toBe('unfit')
      }),
    )
  })

  test('of records with ids: the changes, done to the older one, give the newer one', () => {
    const records = fc.uniqueArray(
      fc.record({
        id: fc.integer({ min: 100, max: 110 }),
        v: scalar,
        w: fc.record({ x: scalar, y: scalar }),
      }),
      { selector: ({ id }) => id, minLength: 1, maxLength: 8 },
    )
    fc.assert(
      fc.property(records, records, (a, b) => {
        const found = diffDocumentValues(text(a), text(b), { name: 'a.json' })
        const done = new Map(a.map((record) => [record.id, structuredClone(record)]))
        if (found.kind === 'values') for (const change of found.changes) apply(done, change)
        const wanted = new Map(b.map((record) => [record.id, record]))
        expect(sorted([...done].sort(byId))).toBe(sorted([...wanted].sort(byId)))
      }),
    )
  })
})

type Records = Map<number, Record<string, unknown>>

function byId([a]: readonly [number, unknown], [b]: readonly [number, unknown]): number {
  return a - b
}

function apply(records: Records, { kind, path, after }: ValueChange): void {
  if (kind === 'reordered') return
  const [, id, ...names] = /^\$\.root\[id=(\d+)\](?:\.(\w))?(?:\.(\w))?$/.exec(path)!
  const keys = names.filter((name) => name !== undefined)
  const value = after === null ? undefined : (JSON.parse(after) as Record<string, unknown>)
  if (keys.length === 0) {
    if (value === undefined) records.delete(Number(id))
    else records.set(Number(id), value)
    return
  }
  let at = records.get(Number(id))!
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>
  at[keys.at(-1)!] = value
}

/** With the members of objects in one order. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? ['object', ...Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))]
      : inner,
  )
}
