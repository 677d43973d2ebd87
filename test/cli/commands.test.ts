// Each command once, as a script uses it: what it prints with --json, what it leaves behind.
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { sqliteBytes } from '../formats/columnar-files.ts'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, root, varve } from './varve.ts'

const id = /^[0-9a-f]{64}$/
const dir = temporaryDir()
const cwd = path.join(dir, 'people')

function put(file: string, text: string, folder = cwd): void {
  writeFileSync(path.join(folder, file), text)
}

function get(file: string, folder = cwd): string {
  return readFileSync(path.join(folder, file), 'utf8')
}

describe('one repository, command by command', () => {
  beforeAll(() => mkdirSync(cwd))

  test('init makes it', async () => {
    expect(await json(['init'], { cwd })).toEqual({ root: cwd, bare: false, gitignore: null })
  })

  test('config sets, reads and lists', async () => {
    await ok(['config', 'user.name', 'Ada'], { cwd })
    expect(await json(['config', 'user.name'], { cwd })).toEqual({ key: 'user.name', value: 'Ada' })
    expect(await json(['config'], { cwd })).toMatchObject({ items: [{ key: 'user.name', value: 'Ada' }] })
    await ok(['config', '--unset', 'user.name'], { cwd })
    expect((await varve(['config', 'user.name'], { cwd })).code).toBe(1)
    const env = { VARVE_CONFIG: path.join(dir, 'own.json') }
    await ok(['config', '--global', 'user.name', 'Grace'], { cwd, env })
    await ok(['config', '--global', 'gc.auto', '7'], { cwd, env })
    expect(await ok(['config', 'user.name'], { cwd, env })).toBe('Grace\n')
    // Of your own settings this one means nothing here.
    expect((await varve(['config', 'gc.auto'], { cwd, env })).code).toBe(1)
    // Outside of a repository there is nothing else.
    expect(await ok(['config', 'user.name'], { cwd: dir, env })).toBe('Grace\n')
    expect(await ok(['config'], { cwd: dir, env })).toBe('gc.auto=7\nuser.name=Grace\n')
    expect((await varve(['config', 'user.name', 'Ada'], { cwd: dir, env })).code).toBe(41)
  })

  test('track, add and status tell tables from files', async () => {
    put('people.csv', 'id,name,city\n1,Ada,London\n2,Grace,New York\n3,Lise,Wien\n')
    put('notes.md', 'one\ntwo\nthree\n')
    expect(await json(['track', 'people.csv', '--key', 'id'], { cwd })).toEqual({
      path: 'people.csv',
      key: ['id'],
      columns: [
        { name: 'id', type: 'int' },
        { name: 'name', type: 'text' },
        { name: 'city', type: 'text' },
      ],
      rows: 3,
    })
    const { staged, notTables } = await json<{ staged: object[]; notTables: object[] }>(['add', '.'], { cwd })
    expect(notTables).toEqual([])
    expect(staged).toEqual([
      { path: 'notes.md', state: 'added', kind: 'file' },
      { path: 'people.csv', state: 'added', kind: 'table' },
      { path: 'varve.yaml', state: 'added', kind: 'file' },
    ])
    put('new.txt', 'x')
    mkdirSync(path.join(cwd, 'folder'))
    put('folder/new.txt', 'x')
    expect(await ok(['status'], { cwd })).toMatch(/^ {2}folder\/$/m)
    expect(await ok(['status'], { cwd: path.join(cwd, 'folder') })).toMatch(/^ {2}\.\/$/m)
    rmSync(path.join(cwd, 'folder'), { recursive: true })
    mkdirSync(path.join(cwd, 'inner/.git'), { recursive: true })
    expect(await ok(['status'], { cwd })).toMatch(
      /^left out .*\n {2}inner\/ {2}\(it is a repository of its own\)$/m,
    )
    rmSync(path.join(cwd, 'inner'), { recursive: true })
    expect(await json(['status'], { cwd })).toEqual({
      branch: 'main',
      head: null,
      upstream: null,
      staged,
      unstaged: [],
      untracked: ['new.txt'],
      ignored: [],
      skipped: [],
      unmerged: [],
      merging: null,
      configFault: null,
      behindBranch: false,
      bisecting: null,
    })
    rmSync(path.join(cwd, 'new.txt'))
  })

  test('commit signs with author and date, and is the same each time', async () => {
    const commit = await json(['commit', '-m', 'First', '--author', 'Lise <lise@example.org>'], { cwd })
    expect(commit).toMatchObject({
      id: expect.stringMatching(id),
      parents: [],
      author: { name: 'Lise', email: 'lise@example.org', timeMs: 1795424400000, zoneMinutes: 0 },
      committer: { name: 'Ada Lovelace' },
      message: expect.stringMatching(/^First\n?$/),
      refs: ['HEAD -> main'],
    })
    const amended = await json(['commit', '--amend', '--date', '1000000000 +0200', '-m', 'First'], { cwd })
    expect(amended).toMatchObject({ parents: [], committer: { timeMs: 1e12, zoneMinutes: 120 } })
  })

  test('diff shows cells, lines and sums; --exit-code and -q say so in the code', async () => {
    put('people.csv', 'id,name,city\n1,Ada,London\n3,Lise,Vienna\n4,Emmy,Erlangen\n')
    put('notes.md', 'one\n2\nthree\n')
    const { items } = await json<{ items: object[] }>(['diff'], { cwd })
    expect(items).toEqual([
      expect.objectContaining({
        path: 'notes.md',
        kind: 'text',
        rows: [],
        hunks: [
          { oldStart: 1, oldLines: 3, newStart: 1, newLines: 3, lines: [' one', '-two', '+2', ' three'] },
        ],
      }),
      expect.objectContaining({ path: 'people.csv', kind: 'table', keyColumns: ['id'], hunks: [] }),
    ])
    expect((items[1] as { rows: object[] }).rows).toMatchObject([
      { kind: 'removed', key: [2], before: { id: 2, name: 'Grace', city: 'New York' }, after: null },
      { kind: 'changed', key: [3], cells: [{ column: 'city', before: 'Wien', after: 'Vienna' }] },
      { kind: 'added', key: [4], before: null },
    ])
    expect(await ok(['diff', 'people.csv'], { cwd })).toBe(
      [
        'people.csv: 1 row changed, 1 added, 1 removed',
        '  - id=2  name: Grace, city: New York',
        '  ~ id=3  city: Wien -> Vienna',
        '  + id=4  name: Emmy, city: Erlangen',
        '',
      ].join('\n'),
    )
    expect(await json(['diff', '--stat'], { cwd })).toMatchObject({
      items: [{ lines: { added: 1, removed: 1 } }, { rows: { added: 1, removed: 1, changed: 1, cells: 1 } }],
    })
    expect(await json(['diff', '--name-only'], { cwd })).toEqual({ items: ['notes.md', 'people.csv'] })
    expect((await varve(['diff', '--exit-code', '--stat'], { cwd })).code).toBe(1)
    expect(await varve(['diff', '-q'], { cwd })).toEqual({ code: 1, stdout: '', stderr: '' })
    expect((await varve(['diff', '--staged', '--exit-code'], { cwd })).code).toBe(0)
  })

  test('restore brings back, commit -a takes the rest', async () => {
    expect(await json(['restore', 'notes.md'], { cwd })).toEqual({ items: ['notes.md'] })
    expect(get('notes.md')).toBe('one\ntwo\nthree\n')
    await ok(['commit', '-am', 'Second'], { cwd })
    expect(await json(['diff', 'HEAD~1', 'HEAD', '--stat'], { cwd })).toMatchObject({
      items: [{ path: 'people.csv' }],
    })
  })

  test('log, show, cat and ls look back', async () => {
    const { items } = await json<{ items: { id: string; message: string }[] }>(['log'], { cwd })
    expect(items.map(({ message }) => message.trim())).toEqual(['Second', 'First'])
    expect((await ok(['log', '--oneline', '-1', 'people.csv'], { cwd })).trim()).toBe(
      `${items[0]!.id.slice(0, 8)} (HEAD -> main) Second`,
    )
    expect(await json(['show', '--stat'], { cwd })).toMatchObject({
      commit: { id: items[0]!.id },
      changes: { items: [{ path: 'people.csv' }] },
    })
    expect(await json(['show', 'HEAD~1'], { cwd })).toMatchObject({
      changes: { items: [{ state: 'added' }, {}, {}] },
    })
    expect(await ok(['show', 'HEAD~1:people.csv'], { cwd })).toBe(
      'id,name,city\n1,Ada,London\n2,Grace,New York\n3,Lise,Wien\n',
    )
    expect(await ok(['cat', 'people.csv'], { cwd })).toBe(get('people.csv'))
    const bytes = Buffer.from(get('people.csv')).toString('base64')
    expect(await json(['cat', 'HEAD:people.csv'], { cwd })).toEqual({ path: 'people.csv', bytes })
    expect(await json(['show', 'HEAD:people.csv'], { cwd })).toEqual({ path: 'people.csv', bytes })
    expect(await json(['ls'], { cwd })).toMatchObject({
      items: [
        { path: 'notes.md', kind: 'file', size: 14, executable: false },
        { path: 'people.csv', kind: 'table', size: 3 },
        { path: 'varve.yaml' },
      ],
    })
    expect(await ok(['ls', 'HEAD~1', 'people.csv'], { cwd })).toBe('people.csv\n')
  })

  test('mv, rm and reset change the next commit', async () => {
    expect(await json(['mv', 'notes.md', 'read.me'], { cwd })).toEqual({ from: 'notes.md', to: 'read.me' })
    expect(await ok(['diff', '--staged'], { cwd })).toBe(
      'diff --git a/notes.md b/read.me\nrename from notes.md\nrename to read.me\n',
    )
    expect(await json(['rm', '--cached', 'read.me'], { cwd })).toEqual({ items: ['read.me'] })
    const { head } = await json<{ head: string }>(['reset', '--hard', 'HEAD'], { cwd })
    expect(head).toMatch(id)
    expect(get('notes.md')).toBe('one\ntwo\nthree\n')
    rmSync(path.join(cwd, 'read.me'), { force: true })
  })

  test('tag and branch make, list and delete names', async () => {
    expect(await json(['tag', 'v1', 'HEAD~1'], { cwd })).toMatchObject({ name: 'v1', annotated: false })
    expect(await json(['tag', '-a', '-m', 'As published', 'v2'], { cwd })).toMatchObject({ annotated: true })
    expect(await json(['tag'], { cwd })).toMatchObject({
      items: [{ name: 'v1' }, { name: 'v2', message: expect.stringContaining('As published') }],
    })
    expect(await json(['tag', '-d', 'v1'], { cwd })).toEqual({ deleted: ['v1'] })
    expect(await json(['branch', 'old', 'HEAD~1'], { cwd })).toMatchObject({ name: 'old', current: false })
    expect(await json(['branch', '-m', 'old', 'older'], { cwd })).toEqual({ from: 'old', to: 'older' })
    expect(await json(['branch'], { cwd })).toMatchObject({
      items: [{ name: 'main', current: true }, { name: 'older' }],
    })
    expect(await json(['branch', '-d', 'older'], { cwd })).toEqual({ deleted: ['older'] })
  })
})

test('a first branch of another name; add -u takes no new files; a current branch is named, before the first commit too', async () => {
  const at = { cwd: path.join(dir, 'first') }
  expect((await varve(['init', '-b', 'a b', 'first'], { cwd: dir })).stderr).toContain(
    `'a b' is not a valid branch name`,
  )
  await ok(['init', '-b', 'trunk', 'first'], { cwd: dir })
  expect(await ok(['branch', '--show-current'], at)).toBe('trunk\n')
  mkdirSync(path.join(at.cwd, 'in'))
  for (const name of ['a', 'b', 'in/c']) writeFileSync(path.join(at.cwd, name), 'one')
  await ok(['add', '.'], at)
  await ok(['commit', '-m', 'first'], at)
  for (const name of ['a', 'in/c', 'new']) writeFileSync(path.join(at.cwd, name), 'two')
  rmSync(path.join(at.cwd, 'b'))
  const staged = async (...args: string[]): Promise<string[]> =>
    (await json<{ staged: { path: string }[] }>(['add', ...args], at)).staged.map((one) => one.path).sort()
  expect(await staged('-u', '-n', 'in')).toEqual(['in/c'])
  expect(await staged('-u')).toEqual(['a', 'b', 'in/c'])
  expect(await ok(['status', '--short'], at)).toContain('?? new')
  expect((await ok(['show', '-s', 'HEAD'], at)) + '\na\nb\nin/c\n').toBe(
    await ok(['show', '--name-only'], at),
  )
  expect(await json(['show', '--name-only'], at)).toMatchObject({ changes: { items: ['a', 'b', 'in/c'] } })
  await ok(['switch', '--detach', 'HEAD'], at)
  expect(await json(['branch', '--show-current'], at)).toEqual({ branch: null })
})

describe('data and upkeep', () => {
  const folder = path.join(dir, 'data')
  const at = { cwd: folder }

  test('import loads rows, export writes them in another format', async () => {
    mkdirSync(folder)
    await ok(['init'], at)
    const rows = '{"id":1,"name":"Ada"}\n{"id":2,"name":"Lise"}\n'
    expect(
      await json(['import', '-', '--as', 'people', '--format', 'jsonl', '--key', 'id'], {
        ...at,
        input: rows,
      }),
    ).toMatchObject({ path: 'people', rows: 2, added: 2 })
    expect(await ok(['status', '-s'], at)).toBe('A  people\n')
    await ok(['commit', '-m', 'People'], at)
    expect(await ok(['export', 'people', '--format', 'csv'], at)).toBe('id,name\n1,Ada\n2,Lise\n')
    expect(await json(['export', 'people'], at)).toEqual({
      items: [
        { id: 1, name: 'Ada' },
        { id: 2, name: 'Lise' },
      ],
    })
    expect((await varve(['export', 'people', '--json', '--format', 'csv'], at)).code).toBe(2)
    expect(await json(['export', 'people', '-o', 'out.jsonl'], at)).toEqual({
      file: 'out.jsonl',
      bytes: rows.length,
      notes: [],
    })
    expect(get('out.jsonl', folder)).toBe(rows)
  })

  test('gc and fsck report', async () => {
    const fsck = await json<{ objects: number }>(['fsck'], at)
    expect(fsck).toMatchObject({ problems: [] })
    expect(fsck.objects).toBeGreaterThan(1)
    const gc = await json<{ objectsKept: number; objectsDropped: number }>(['gc', '--dry-run'], at)
    expect(gc).toMatchObject({ filesRemoved: 0 })
    expect(gc.objectsKept + gc.objectsDropped).toBe(fsck.objects)
  })

  test('untrack makes a table a file again', async () => {
    put('t.csv', 'id,x\n1,2\n', folder)
    await ok(['track', 't.csv', '--key', 'id'], at)
    expect(await json(['untrack', 't.csv'], at)).toEqual({ path: 't.csv' })
    expect(await json(['add', 't.csv'], at)).toMatchObject({ staged: [{ path: 't.csv', kind: 'file' }] })
  })

  test('completion speaks three shells, help knows every command', async () => {
    for (const shell of ['bash', 'zsh', 'fish'])
      expect(await ok(['completion', shell], at)).toContain('cherry-pick')
    expect(await ok(['help'], { cwd: root })).toContain('Merge another branch into this one')
    expect(await json(['help', 'merge'], at)).toMatchObject({
      name: 'merge',
      usage: Array.from({ length: 5 }, () => expect.any(String)),
    })
  })
})

describe('Parquet and SQLite', () => {
  test('tables go out and come in by the names of files', async () => {
    const cwd = temporaryDir()
    await ok(['init', '-q'], { cwd })
    await ok(['import', '-', '--as', 'orders', '--key', 'id', '--format', 'csv'], {
      cwd,
      input: 'id,n\n1,0.5\n2,12345678901234567.25\n',
    })
    await ok(['commit', '-m', 'Orders'], { cwd })
    const exported = await varve(['export', 'orders', '-o', 'shop.db:all orders'], { cwd })
    expect(exported.stdout).toMatch(/^shop\.db: \d/)
    expect(exported.stderr).toBe(
      "warning: column 'n' is decimal and is written as text: row 2 holds '12345678901234567.25'\n",
    )
    expect(await ok(['export', 'orders', '-o', 'orders.parquet'], { cwd })).toMatch(/^orders\.parquet: \d/)
    expect(await ok(['import', 'shop.db:all orders', '--as', 'copy'], { cwd })).toBe(
      'copy: 2 added, 0 changed, 0 removed; 2 rows now\n',
    )
    const again = await varve(['import', 'orders.parquet', '--as', 'other', '--key', 'id'], { cwd })
    expect(again.stderr).toBe("hint: it is staged: 'varve commit' records it\n")
    expect(
      await varve(['import', 'orders.parquet', '--as', 'more', '--key', 'id', '-m', 'x'], { cwd }),
    ).toMatchObject({ code: 2, stderr: expect.stringContaining("'-m' needs '--branch'") as string })
    await ok(['commit', '-m', 'Copy'], { cwd })
    expect(await ok(['import', 'orders.parquet', '--as', 'orders'], { cwd })).toBe(
      'orders: 0 added, 0 changed, 0 removed; 2 rows now\n',
    )
    expect(await ok(['export', 'copy', '--format', 'csv'], { cwd })).toBe(
      'id,n\n1,0.5\n2,12345678901234567.25\n',
    )
  })

  test('diff shows rows of such files, each table of a database for itself', async () => {
    const cwd = temporaryDir()
    await ok(['init', '-q'], { cwd })
    const write = async (rows: string): Promise<void> => {
      const made = await sqliteBytes(
        'CREATE TABLE people (id INTEGER PRIMARY KEY, name); CREATE TABLE log (t)',
        `INSERT INTO people VALUES ${rows}`,
        `INSERT INTO log VALUES ('x'), ('x'), ('${rows.length}')`,
      )
      writeFileSync(path.join(cwd, 'shop.db'), made)
    }
    await write("(1, 'Ann'), (2, 'Bob')")
    await ok(['add', '-q', '.'], { cwd })
    await ok(['commit', '-qm', 'one'], { cwd })
    await write("(1, 'Ann'), (2, 'Bea'), (3, '')")
    expect(await ok(['diff'], { cwd })).toBe(
      [
        'shop.db:log: binary, 12 kB -> 12 kB',
        '  (not compared by rows: no key is known, and none is unique)',
        'shop.db:people: 1 row changed, 1 added',
        '  ~ id=2  name: Bob -> Bea',
        "  + id=3  name: ''",
        '',
      ].join('\n'),
    )
    expect(await ok(['diff', '--stat'], { cwd })).toBe(
      [
        ' shop.db:log    | 12288 -> 12288 bytes',
        ' shop.db:people | 2 rows               +~',
        ' 1 path changed, 1 row changed, 1 added',
        '',
      ].join('\n'),
    )
    expect(await ok(['diff', '--name-only'], { cwd })).toBe('shop.db\n')
    const markdown = await ok(['diff', '--format', 'markdown'], { cwd })
    expect(markdown.match(/^###.*$/gm)?.map((line) => line.replace(/<[^>]*>/g, ''))).toEqual([
      '### shop.db&#58;log: 12 kB -> 12 kB',
      '### shop.db&#58;people: 1 row changed, 1 added',
    ])
  })

  test('a database whose changes lie in a log beside it is not imported', async () => {
    const cwd = temporaryDir()
    await ok(['init', '-q'], { cwd })
    writeFileSync(path.join(cwd, 'live.db'), '')
    writeFileSync(path.join(cwd, 'live.db-wal'), 'changes')
    const { code, stderr } = await varve(['import', 'live.db', '--as', 't'], { cwd })
    expect(code).toBe(20)
    expect(stderr).toMatch(/^error: 'live.db' has changes that are still in 'live.db-wal'\n/)
  })
})

test('track without a key says which columns would do, and keeps nothing', async () => {
  const cwd = temporaryDir()
  const put = (name: string, text: string): void => writeFileSync(path.join(cwd, name), text)
  await ok(['init'], { cwd })
  put('people.csv', 'name,id,city\nAda,1,London\nAda,2,New York\nLise,3,Wien\n')
  put('prices.csv', 'date,symbol,price\n1,a,5\n1,b,5\n2,a,5\n2,b,5\n')
  put('twice.csv', 'a,b\n1,2\n1,2\n')
  put('notes.txt', 'one\ntwo\n')
  const hintOf = async (file: string): Promise<string> => {
    const { code, stderr } = await varve(['track', file], { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain('no key given')
    return /hint: (.*)/.exec(stderr)![1]!
  }
  expect(await hintOf('people.csv')).toContain("no two rows have the same id, so '--key id' would do")
  expect(await hintOf('prices.csv')).toContain("'--key date,symbol' would do")
  for (const file of ['twice.csv', 'notes.txt'])
    expect(await hintOf(file)).toBe("name the columns that make a row unique: '--key id'")
  expect((await varve(['track', 'nothing.csv'], { cwd })).code).toBe(40)
  expect(readdirSync(cwd)).not.toContain('varve.yaml')
})

test('a column without a name, as pandas writes its index, can be the key', async () => {
  const cwd = temporaryDir()
  const put = (text: string): void => writeFileSync(path.join(cwd, 'scores.csv'), text)
  await ok(['init'], { cwd })
  put(',name,team score\n0,Ada,1\n1,Alan,1\n2,Ada,2\n')
  expect((await varve(['track', 'scores.csv'], { cwd })).stderr).toContain(`'--key ""' would do`)
  expect(await ok(['track', 'scores.csv', '--key', ''], { cwd })).toBe(
    "scores.csv is a table of 3 rows, key ''\n",
  )
  appendFileSync(
    path.join(cwd, 'varve.yaml'),
    '    rules: {columns: {"": {min: 0}}}\n    merge: {columns: {"": ours}}\n',
  )
  await ok(['add', '.'], { cwd })
  await ok(['commit', '-m', 'scores'], { cwd })
  put(',name,team score\n0,Ada,1\n1,Alan,7\n-2,Ada,2\n')
  expect(await ok(['diff'], { cwd })).toContain('  ~ =1   team score: 1 -> 7\n')
  const { code, stdout } = await varve(['check'], { cwd })
  expect([code, stdout]).toEqual([23, expect.stringContaining('-2')])
})

test('a key column with a comma in its name is written in double quotes, as in CSV', async () => {
  const cwd = temporaryDir()
  await ok(['init'], { cwd })
  writeFileSync(path.join(cwd, 'k.csv'), '"last, first",nr,v\nLovelace,1,a\nLovelace,2,b\nHopper,1,a\n')
  const { stderr } = await varve(['track', 'k.csv'], { cwd })
  expect(stderr).toContain(String.raw`'--key "\"last, first\",nr"' would do`)
  expect(await ok(['track', 'k.csv', '--key', '"last, first",nr'], { cwd })).toBe(
    'k.csv is a table of 3 rows, key last, first, nr\n',
  )
  await ok(['add', '.'], { cwd })
  await ok(['commit', '-m', 'k'], { cwd })
  writeFileSync(path.join(cwd, 'k.csv'), '"last, first",nr,v\nLovelace,1,x\nLovelace,2,b\nHopper,1,a\n')
  expect(await ok(['diff'], { cwd })).toContain('v: a -> x')
  expect((await varve(['track', 'k.csv', '--key', '"last, first,nr'], { cwd })).stderr).toContain(
    'has a double quote that does not end',
  )
})

test('templates of links are listed outside of a repository too', async () => {
  const cwd = temporaryDir()
  expect(await ok(['link', 'template', 'list'], { cwd })).toContain('databases-in-step')
  const use = (template: string): ReturnType<typeof varve> =>
    varve(['link', 'template', 'use', template, 'y', 'sqlite:///a', 'sqlite:///b', '--tables', 'a'], { cwd })
  expect([(await use('databases-in-step')).code, (await use('x')).code]).toEqual([41, 2])
})

test('rows of a table that gets another key are named by the key that they had', async () => {
  const cwd = temporaryDir()
  await ok(['init'], { cwd })
  writeFileSync(path.join(cwd, 'people.csv'), 'id,name,age\n1,Ada,36\n')
  await ok(['track', 'people.csv', '--key', 'id'], { cwd })
  await ok(['add', '.'], { cwd })
  await ok(['commit', '-m', 'people'], { cwd })
  await ok(['track', 'people.csv', '--key', 'name'], { cwd })
  await ok(['add', '.'], { cwd })
  const diff = await ok(['diff', '--staged', 'people.csv'], { cwd })
  expect(diff).toContain('  - id=1      name: Ada, age: 36\n')
  expect(diff).toContain('  + name=Ada  id: 1, age: 36\n')
  expect(await ok(['diff', '--staged', '--format', 'markdown', 'people.csv'], { cwd })).toContain(
    '| - | <code>id=1</code> |',
  )
  expect(await json(['diff', '--staged', 'people.csv'], { cwd })).toMatchObject({
    items: [{ keyColumns: ['name'], keyColumnsBefore: ['id'] }],
  })
})

test('a clone of a repository without commits is one to begin in', async () => {
  const cwd = temporaryDir()
  await ok(['init', '--bare', 'hub'], { cwd })
  const root = path.join(cwd, 'mine')
  expect(await json(['clone', 'hub', 'mine'], { cwd })).toEqual({
    root,
    url: 'hub',
    branch: 'main',
    head: null,
  })
  put('a.txt', 'first\n', root)
  await ok(['add', '.'], { cwd: root })
  await ok(['commit', '-m', 'First'], { cwd: root })
  expect(await json(['push'], { cwd: root })).toMatchObject({
    updates: [{ ref: 'refs/heads/main', before: null }],
  })
  expect(await json(['clone', '--bare', 'hub', 'copy'], { cwd })).toMatchObject({ branch: 'main' })
})

test('import git names what it leaves out, and why', async () => {
  const cwd = temporaryDir()
  const git = (...words: string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', '-C', cwd, ...words])
  git('init', '-q', 'old')
  put('old/good.txt', 'good\n', cwd)
  put('old/x:y', 'bad\n', cwd)
  git('-C', 'old', 'add', '.')
  git('-C', 'old', 'commit', '-q', '-m', 'First')
  await ok(['init', '-q', 'new'], { cwd })
  const { code, stderr } = await varve(['-C', 'new', 'import', 'git', '../old'], { cwd })
  expect([code, stderr]).toEqual([0, "warning: 'x:y' is left out: it begins with a drive letter\n"])
  expect(await json(['-C', 'new', 'import', 'git', '../old', '--branch', 'again'], { cwd })).toMatchObject({
    skipped: 1,
    skippedPaths: [{ path: 'x:y', reason: 'begins with a drive letter' }],
  })
})

test('add names all that it cannot keep, as far as a line goes', async () => {
  const cwd = temporaryDir()
  await ok(['init', '-q'], { cwd })
  for (const name of ['a:1', 'b:2', 'c:3', 'd:4', 'fine']) put(name, 'x\n', cwd)
  const { code, stderr } = await varve(['add', '.'], { cwd })
  expect(code).toBe(23)
  expect(stderr).toMatch(/^error: path '(\w:\d)' begins with a drive letter, .*, and 1 more cannot be kept\n/)
  expect(stderr).toContain(
    "rename these files, or name them in .varveignore; 'varve status' lists what is left out",
  )
  expect(await json(['status'], { cwd })).toMatchObject({ staged: [] })
})
