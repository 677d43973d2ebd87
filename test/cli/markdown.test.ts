// Output for a comment on a pull request: what data says is shown, and cannot do anything there.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { ok, varve } from './varve.ts'

const folder = path.join(temporaryDir(), 'markdown')
const at = { cwd: folder }
const put = (file: string, text: string): void => writeFileSync(path.join(folder, file), text)

/** Rows 1 to 120, each cell by `name`. */
function rows(name: (id: number) => string): string {
  return Array.from({ length: 120 }, (_, i) => `${i + 1},${name(i + 1)}\n`).join('')
}

beforeAll(async () => {
  mkdirSync(folder)
  await ok(['init'], at)
  put('a|b.csv', `id,name\n${rows((id) => `p${id}`)}`)
  put('many.csv', `id,name\n${rows((id) => `p${id}`)}`)
  put('notes.txt', 'one\n```\n<b>@team</b>\n')
  await ok(['track', 'a|b.csv', '--key', 'id'], at)
  await ok(['track', 'many.csv', '--key', 'id'], at)
  await ok(['add', '.'], at)
  await ok(['commit', '-m', 'Base'], at)
  await ok(['switch', '-c', 'topic'], at)
  put('a|b.csv', `id,name\n${rows((id) => (id === 7 ? '<img>|@you' : id === 8 ? '"a\nb"' : `p${id}`))}`)
  put('many.csv', `id,name\n${rows((id) => `q${id}`)}`)
  put('notes.txt', 'ONE\n```\n<b>@team</b>\n')
  await ok(['commit', '-am', 'Topic'], at)
  await ok(['switch', 'main'], at)
  put('a|b.csv', `id,name\n${rows((id) => (id === 7 ? 'mine' : `p${id}`))}`)
  await ok(['commit', '-am', 'Main'], at)
}, 60_000)

describe('Markdown', () => {
  test('of a diff since the branches parted has tables of old and new cells, and no cell breaks out', async () => {
    const text = await ok(['diff', 'main...topic', '--format', 'markdown', '--', 'a|b.csv'], at)
    expect(text).toBe(
      [
        '### <code>a&#124;b.csv</code>: 2 rows changed',
        '',
        '|  | row | column | old | new |',
        '|---|---|---|---|---|',
        '| ~ | <code>id=7</code> | <code>name</code> | <code>p7</code> | <code>&#60;img&#62;&#124;&#64;you</code> |',
        '| ~ | <code>id=8</code> | <code>name</code> | <code>p8</code> | <code>a&#92;nb</code> |',
        '',
        '',
      ].join('\n'),
    )
  })

  test('of a text is a fence that its own fences do not end', async () => {
    expect(await ok(['diff', 'main...topic', '--format', 'markdown', '--', 'notes.txt'], at)).toBe(
      '### <code>notes.txt</code>: 1 line added, 1 line removed\n\n````diff\n@@ -1,3 +1,3 @@\n-one\n+ONE\n ```\n <b>@team</b>\n````\n\n',
    )
  })

  test('of a long change is bounded, and says what is left out; -v shows all', async () => {
    const lines = async (...more: string[]): Promise<string[]> =>
      (await ok(['diff', 'main...topic', '--format', 'markdown', ...more, '--', 'many.csv'], at)).split('\n')
    const short = await lines()
    expect(short[0]).toBe('### <code>many.csv</code>: 120 rows changed')
    expect(short.filter((line) => line.startsWith('| ~'))).toHaveLength(50)
    expect(short).toContain('… and 70 more rows')
    expect((await lines('-v')).filter((line) => line.startsWith('| ~'))).toHaveLength(120)
  })

  test('of --stat is a table of counts', async () => {
    expect(await ok(['diff', 'main...topic', '--stat', '--format', 'markdown'], at)).toBe(
      [
        '**3 paths changed, 122 rows changed, 1 line added, 1 line removed**',
        '',
        '| path | what | added | changed | removed |',
        '|---|---|---:|---:|---:|',
        '| <code>a&#124;b.csv</code> | rows | 0 | 2 | 0 |',
        '| <code>many.csv</code> | rows | 0 | 120 | 0 |',
        '| <code>notes.txt</code> | lines | 1 |  | 1 |',
        '',
        '',
      ].join('\n'),
    )
    expect(await ok(['diff', 'main..main', '--format', 'markdown'], at)).toBe('No changes.\n\n')
  })

  test('of a commit has its message in a fence, then what it changed', async () => {
    const text = await ok(['show', 'topic', '--format', 'markdown'], at)
    expect(text).toMatch(
      /^### <code>Topic<\/code> \([0-9a-f]{8}\)\n\n```\ncommit [0-9a-f]{64} \(topic\)\nAuthor: Ada Lovelace .*\nDate: .*\n\n {4}Topic\n```\n\n### <code>a&#124;b.csv<\/code>: 2 rows changed\n/,
    )
    expect(await ok(['show', 'topic', '--stat', '--format', 'markdown'], at)).toContain('**3 paths changed, ')
    expect((await varve(['show', 'topic:notes.txt', '--format', 'markdown'], at)).code).toBe(2)
  })

  test('of a dry run names the clash first; the merge itself says the same', async () => {
    const { code, stdout } = await varve(['merge', '--dry-run', 'topic', '--format', 'markdown'], at)
    expect(code).toBe(21)
    expect(stdout).toMatch(
      /^### <code>topic<\/code> \([0-9a-f]{8}\) clashes with <code>main<\/code>: 1 conflict in 1 path\n\n\| path \| {2}\| changes \|\n\|---\|---\|---\|\n\| <code>a&#124;b.csv<\/code> \| conflict \| 1 row changed, 1 cell, 1 conflict \|\n/,
    )
    const conflict =
      '#### 1 conflict\n\n| path | row | column | base | ours | theirs |\n|---|---|---|---|---|---|\n| <code>a&#124;b.csv</code> | <code>id=7</code> | <code>name</code> | <code>p7</code> | <code>mine</code> | <code>&#60;img&#62;&#124;&#64;you</code> |\n'
    expect(stdout).toContain(conflict)
    const merged = await varve(['merge', 'topic', '--format', 'markdown'], at)
    expect(merged.code).toBe(21)
    expect(merged.stdout).toContain('### The merge of <code>topic</code> stopped: 1 conflict in 1 path\n')
    expect(merged.stdout).toContain(conflict)
  })

  test('is refused where it makes no sense, before anything is done', async () => {
    expect((await varve(['diff', '--format', 'html'], at)).code).toBe(2)
    expect((await varve(['diff', '--format', 'markdown', '--name-only'], at)).code).toBe(2)
    expect((await varve(['merge', 'topic', '--format', 'html'], at)).code).toBe(2)
  })
})
