// JSON and YAML files compared by value: in the text, as Markdown, as JSON, and by line where that is asked for.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok } from './varve.ts'

const cwd = temporaryDir()
const long = 'x'.repeat(300)

function write(name: string, text: string): void {
  writeFileSync(path.join(cwd, name), text)
}

beforeAll(async () => {
  await ok(['init'], { cwd })
  write('a.json', '{"rows": [{"id": 1, "v": "a"}, {"id": 2, "v": "b"}], "gone": true}\n')
  write('b.yaml', 'steps:\n  - build\n')
  await ok(['add', '.'], { cwd })
  await ok(['commit', '-m', 'One'], { cwd })
  write('a.json', `{"rows": [{"id": 2, "v": "b"}, {"id": 1, "v": "\u009b2J"}], "more": "${long}"}\n`)
  write('b.yaml', 'steps:\n  - build\n  - name: test\n    run: all\n')
  write('new.json', '{"a": 1}\n')
  await ok(['add', '.'], { cwd })
})

test('each value with its place, cut to a line, and no control characters', async () => {
  const shown = await ok(['diff', '--staged', 'a.json', 'b.yaml'], { cwd })
  expect(shown.replace(/x{20,}…/, 'xxx…'))
    .toBe(`a.json: 1 value changed, 1 added, 1 removed, 1 in another order
  (elements are told apart by id)
  ~ $.rows: in another order
  ~ $.rows[id=1].v: "a" -> "\\x9b2J"
  + $.more: "xxx…
  - $.gone: true
b.yaml: 1 value added
  + $.steps[1]: name: test run: all
`)
  const whole = await ok(['diff', '--staged', 'a.json', '-v'], { cwd })
  expect(whole).toContain(`+ $.more: "${long}"`)
})

test('--lines gives a patch, and a new file is one anyway', async () => {
  const patch = await ok(['diff', '--staged', '--lines', 'b.yaml'], { cwd })
  expect(patch).toBe(`diff --git a/b.yaml b/b.yaml
--- a/b.yaml
+++ b/b.yaml
@@ -1,2 +1,4 @@
 steps:
   - build
+  - name: test
+    run: all
`)
  expect(await ok(['diff', '--staged', 'new.json'], { cwd })).toContain('+++ b/new.json\n')
})

test('as JSON beside the lines, and as a table in Markdown', async () => {
  interface Item {
    path: string
    hunks: unknown[]
    values: unknown
  }
  const { items } = await json<{ items: Item[] }>(['diff', '--staged', 'b.yaml', 'new.json'], { cwd })
  expect(items.map((item) => [item.path, item.hunks.length, item.values])).toEqual([
    [
      'b.yaml',
      1,
      [{ kind: 'added', path: '$.steps[1]', before: null, after: expect.stringContaining('name: test') }],
    ],
    ['new.json', 1, null],
  ])
  const markdown = await ok(['diff', '--staged', '--format', 'markdown', 'b.yaml'], { cwd })
  expect(markdown).toContain('### <code>b.yaml</code>: 1 value added')
  expect(markdown).toMatch(/\| \+ \| <code>.*steps.*<\/code> \| {2}\| <code>name.*<\/code> \|/)
})

test('show and log -p do as diff does', async () => {
  await ok(['commit', '-m', 'Two'], { cwd })
  for (const args of [['show'], ['log', '-p', '-1']]) {
    expect(await ok(args, { cwd })).toContain('~ $.rows[id=1].v: "a" -> ')
    expect(await ok([...args, '--lines'], { cwd })).toContain('@@ -1,1 +1,1 @@')
  }
})

test('a cell of the same value that is written otherwise is said to be', async () => {
  const at = { cwd: temporaryDir() }
  const put = (name: string, text: string): void => writeFileSync(path.join(at.cwd, name), text)
  await ok(['init'], at)
  put('a.jsonl', '{"id":1,"v":1.50}\n{"id":2,"v":{"a": 1}}\n{"id":3,"v":7}\n')
  await ok(['track', 'a.jsonl', '--key', 'id'], at)
  await ok(['add', '.'], at)
  await ok(['commit', '-m', 'One'], at)
  put('a.jsonl', '{"id":1,"v":1.5}\n{"id":2,"v":{"a":1}}\n{"id":3,"v":8}\n')
  expect(await ok(['diff'], at)).toBe(
    [
      'a.jsonl: 3 rows changed',
      '  ~ id=1  v: 1.5 -> 1.5 (spelled differently)',
      '  ~ id=2  v: {"a":1} -> {"a":1} (spelled differently)',
      '  ~ id=3  v: 7 -> 8',
      '',
    ].join('\n'),
  )
})
