// Merging and remotes, as a script uses them: what the commands print with --json, what they leave behind.
import { existsSync, mkdirSync, readFileSync, writeFileSync, renameSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { temporaryDir } from '../support/temporary.ts'
import { json, ok, varve } from './varve.ts'

const id = /^[0-9a-f]{64}$/
const dir = temporaryDir()

function put(file: string, text: string, folder: string): void {
  writeFileSync(path.join(folder, file), text)
}

function get(file: string, folder: string): string {
  return readFileSync(path.join(folder, file), 'utf8')
}

describe('merging text', () => {
  test('lines that both sides changed apart from each other are merged by the command line', async () => {
    const folder = path.join(dir, 'text')
    const at = { cwd: folder }
    mkdirSync(folder)
    await ok(['init'], at)
    put('notes.txt', 'a\nb\nc\nd\ne\n', folder)
    await ok(['add', '--all'], at)
    await ok(['commit', '-m', 'Base'], at)
    await ok(['switch', '-c', 'other'], at)
    put('notes.txt', 'a\nb\nc\nd\nE\n', folder)
    await ok(['commit', '-am', 'Theirs'], at)
    await ok(['switch', 'main'], at)
    put('notes.txt', 'A\nb\nc\nd\ne\n', folder)
    await ok(['commit', '-am', 'Ours'], at)
    expect(await json(['merge', 'other'], at)).toMatchObject({ outcome: 'merged' })
    expect(get('notes.txt', folder)).toBe('A\nb\nc\nd\nE\n')
  }, 60_000)
})

describe('merge policies', () => {
  const folder = path.join(dir, 'policies')
  const at = { cwd: folder }

  test('decide, say so, are kept by the merge commit and shown by show', async () => {
    mkdirSync(folder)
    await ok(['init'], at)
    put('stock.csv', 'id,count,tags\n1,10,a\n2,7,b\n', folder)
    put(
      'varve.yaml',
      'tables:\n  stock.csv:\n    key: id\n    merge:\n      columns: { count: sum }\n',
      folder,
    )
    await ok(['add', '--all'], at)
    await ok(['commit', '-m', 'Base'], at)
    await ok(['switch', '-c', 'other'], at)
    put('stock.csv', 'id,count,tags\n1,12,a\n2,7,c\n', folder)
    await ok(['commit', '-am', 'Theirs'], at)
    await ok(['switch', 'main'], at)
    put('stock.csv', 'id,count,tags\n1,9,a\n2,7,d\n', folder)
    await ok(['commit', '-am', 'Ours'], at)
    const stopped = await varve(['merge', 'other'], at)
    expect(stopped.code).toBe(21)
    expect(stopped.stdout).toContain('1 cell decided by policy:\n  stock.csv  1.count  sum  9 | 12 -> 11\n')
    await ok(['resolve', 'stock.csv', '--ours'], at)
    await ok(['merge', '--continue'], at)
    expect(get('stock.csv', folder)).toBe('id,count,tags\n1,11,a\n2,7,d\n')
    expect(await ok(['show'], at)).toContain(
      '\n1 cell decided by policy:\n  stock.csv  1.count  sum  9 | 12 -> 11\n',
    )
    const shown = (await json(['show'], at)) as { policies: unknown }
    expect(shown.policies).toEqual({
      items: [
        {
          path: 'stock.csv',
          key: ['1'],
          column: 'count',
          policy: 'sum',
          base: '10',
          ours: '9',
          theirs: '12',
          result: '11',
        },
      ],
    })
    expect((await json(['fsck'], at)) as object).toMatchObject({ problems: [] })
  }, 60_000)
})

describe('merging', () => {
  const folder = path.join(dir, 'merging')
  const at = { cwd: folder }

  beforeAll(async () => {
    mkdirSync(folder)
    await ok(['init'], at)
    put('people.csv', 'id,name,city\n1,Ada,London\n2,Lise,Wien\n', folder)
    await ok(['track', 'people.csv', '--key', 'id'], at)
    await ok(['add', '--all'], at)
    await ok(['commit', '-m', 'Base'], at)
    await ok(['switch', '-c', 'other'], at)
    put('people.csv', 'id,name,city\n1,Ada,Paris\n2,Lise,Vienna\n', folder)
    await ok(['commit', '-am', 'Theirs'], at)
    await ok(['switch', 'main'], at)
    put('people.csv', 'id,name,city\n1,Ada,London\n2,Lise Meitner,Berlin\n', folder)
    await ok(['commit', '-am', 'Ours'], at)
  }, 60_000)

  test('merge --dry-run tells what would happen, exits with 21, and leaves everything as it is', async () => {
    const before = get('people.csv', folder)
    const { code, stdout, stderr } = await varve(['merge', '--dry-run', 'other'], at)
    expect({ code, stderr }).toEqual({ code: 21, stderr: '' })
    expect(stdout).toMatch(
      /^other \([0-9a-f]{8}\) clashes with main: 1 conflict in 1 path\n {2}conflict {2}people.csv {2}1 row changed, 1 cell, 1 conflict\npeople.csv: 1 conflict\n/,
    )
    expect(get('people.csv', folder)).toBe(before)
    expect(await json(['status'], at)).toMatchObject({ merging: null, unstaged: [], staged: [] })
    expect(await varve(['merge', '--dry-run', '--into', 'other~1', 'other', '-q'], at)).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    })
    expect(await json(['merge', '--dry-run', '--into', 'other~1', 'main'], at)).toMatchObject({
      outcome: 'fast-forward',
      into: 'other~1',
      conflicts: [],
    })
  })

  test('merge of two branches at once is refused with the next step', async () => {
    const two = await varve(['merge', 'other', 'main~1'], at)
    expect(two.code).toBe(2)
    expect(two.stderr).toContain(
      "merge them one after the other: 'varve merge other', then 'varve merge main~1'",
    )
    expect((await varve(['merge', '--dry-run', 'main', 'other'], at)).stderr).toContain(
      "'varve merge --dry-run --into main other'",
    )
    expect((await varve(['merge', '--into', 'main', 'other'], at)).code).toBe(2)
    expect((await varve(['merge'], at)).stderr).toContain("branch 'main' has no upstream")
  })

  test('merge merges cells, keeps the conflict, and exits with 21', async () => {
    const { code, stdout } = await varve(['merge', 'other', '--json'], at)
    expect(code).toBe(21)
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'conflict',
      conflictCount: 1,
      paths: [{ path: 'people.csv', result: 'conflict', conflicts: 1 }],
    })
    expect(get('people.csv', folder)).toBe('id,name,city\n1,Ada,Paris\n2,Lise Meitner,Berlin\n')
    expect(await json(['conflicts'], at)).toMatchObject({
      items: [
        {
          kind: 'cell',
          path: 'people.csv',
          key: [2],
          column: 'city',
          base: 'Wien',
          ours: 'Berlin',
          theirs: 'Vienna',
        },
      ],
    })
    expect(await ok(['conflicts'], at)).toMatch(
      /^people.csv: 1 conflict\n.*id +row +column +base +ours +theirs\n +\S+ +(id=)?2 +city +Wien +Berlin +Vienna\n$/,
    )
    expect(await json(['status'], at)).toMatchObject({ merging: { kind: 'merge', conflicts: 1 } })
  })

  test('commit is refused while conflicts are open', async () => {
    expect((await varve(['merge', '--continue'], at)).code).toBe(21)
  })

  test('resolve settles one cell, --continue commits', async () => {
    expect(
      await json(['resolve', 'people.csv', '--key', '2', '--column', 'city', '--value', 'Stockholm'], at),
    ).toEqual({ resolved: 1, left: 0 })
    expect(await json(['merge', '--continue'], at)).toMatchObject({
      parents: [expect.any(String), expect.any(String)],
    })
    expect(get('people.csv', folder)).toBe('id,name,city\n1,Ada,Paris\n2,Lise Meitner,Stockholm\n')
  })

  test('undo takes the merge back, reflog knows both, cherry-pick and revert go on from there', async () => {
    expect(await json(['undo'], at)).toMatchObject({
      undone: expect.stringMatching(/merge|commit/),
      head: expect.stringMatching(id),
    })
    const { items } = await json<{ items: { selector: string; operation: string }[] }>(['reflog', '-2'], at)
    expect(items.map(({ selector }) => selector)).toEqual(['HEAD@{0}', 'HEAD@{1}'])
    await ok(['merge', '--abort'], at)
    put('people.csv', 'id,name,city\n1,Ada,London\n2,Lise Meitner,Kungälv\n', folder)
    await ok(['commit', '-am', 'Mistake'], at)
    expect(await json(['revert', 'HEAD'], at)).toMatchObject({ outcome: 'merged', conflictCount: 0 })
    expect(get('people.csv', folder)).toBe('id,name,city\n1,Ada,London\n2,Lise Meitner,Berlin\n')
    await ok(['switch', '-c', 'third', 'other~1'], at)
    expect(await json(['cherry-pick', 'other'], at)).toMatchObject({ outcome: 'merged', conflictCount: 0 })
  })
})

describe('merging text and moved files', () => {
  const folder = path.join(dir, 'moved')
  const at = { cwd: folder }

  test('lines merge in the built product, an edit follows a rename, and the table stays one', async () => {
    mkdirSync(folder)
    await ok(['init'], at)
    const rows = Array.from({ length: 30 }, (_, id) => `${id},person number ${id}\n`).join('')
    put('people.csv', `id,name\n${rows}`, folder)
    put('notes.txt', 'one\ntwo\nthree\nfour\nfive\n', folder)
    await ok(['track', 'people.csv', '--key', 'id'], at)
    await ok(['add', '.'], at)
    await ok(['commit', '-m', 'Base'], at)
    await ok(['switch', '-c', 'other'], at)
    put('people.csv', get('people.csv', folder).replace('number 7\n', 'number seven\n'), folder)
    put('notes.txt', 'one\ntwo\nthree\nfour\nFIVE\n', folder)
    await ok(['commit', '-am', 'Theirs'], at)
    await ok(['switch', 'main'], at)
    renameSync(path.join(folder, 'people.csv'), path.join(folder, 'staff.csv'))
    expect((await varve(['add', '.'], at)).stderr).toBe(
      "hint: the table 'people.csv' is gone: if it is 'staff.csv' now, 'varve restore --staged people.csv staff.csv' and " +
        "'varve mv people.csv staff.csv' keep it a table\n",
    )
    await ok(['restore', '--staged', 'people.csv', 'staff.csv'], at)
    await ok(['mv', 'people.csv', 'staff.csv'], at)
    expect(await ok(['diff', '--staged'], at)).toContain('people.csv => staff.csv: renamed, no row differs\n')
    put('staff.csv', get('staff.csv', folder).replace('number 9\n', 'number nine\n'), folder)
    put('notes.txt', 'ONE\ntwo\nthree\nfour\nfive\n', folder)
    await ok(['commit', '-am', 'Ours'], at)
    expect(await ok(['diff', 'HEAD~1', 'HEAD', '--', 'staff.csv', 'people.csv'], at)).toBe(
      'people.csv => staff.csv: 1 row changed\n  ~ id=9  name: person number 9 -> person number nine\n',
    )
    expect(await json(['merge', 'other'], at)).toMatchObject({ outcome: 'merged', conflictCount: 0 })
    expect(get('notes.txt', folder)).toBe('ONE\ntwo\nthree\nfour\nFIVE\n')
    expect(get('staff.csv', folder)).toContain('number seven\n8,person number 8\n9,person number nine\n')
    expect(existsSync(path.join(folder, 'people.csv'))).toBe(false)
    expect(get('varve.yaml', folder)).toBe('tables:\n  staff.csv:\n    key: id\n')
    expect(await ok(['status', '--short'], at)).toBe('')
    await ok(['switch', 'other'], at)
    expect(await ok(['merge', '--dry-run', 'main~1'], at)).toContain(
      'merged   people.csv => staff.csv  1 row changed, 1 cell\n',
    )
  })

  test('two names for one table are one conflict, settled by a side', async () => {
    await ok(['mv', 'people.csv', 'workers.csv'], at)
    await ok(['commit', '-am', 'Another name'], at)
    const { code, stdout } = await varve(['merge', 'main~1'], at)
    expect(code).toBe(21)
    expect(stdout).toContain('conflict  workers.csv')
    expect(await ok(['conflicts', 'workers.csv'], at)).toMatch(
      /each side gave it another name\n +base +people.csv +table\n +ours +workers.csv +table\n +theirs +staff.csv +table\n/,
    )
    await ok(['resolve', '--all', '--theirs'], at)
    await ok(['merge', '--continue'], at)
    expect(existsSync(path.join(folder, 'workers.csv'))).toBe(false)
    expect(get('staff.csv', folder)).toContain('number seven\n8,person number 8\n9,person number nine\n')
    expect(await ok(['status', '--short'], at)).toBe('')
  })
})

describe('rebasing', () => {
  const folder = path.join(dir, 'rebasing')
  const at = { cwd: folder }

  test('stops at a clash with 21, says how to go on, and goes on by rebase or merge --continue', async () => {
    mkdirSync(folder)
    await ok(['init'], at)
    put('people.csv', 'id,city\n1,Wien\n2,Paris\n', folder)
    await ok(['track', 'people.csv', '--key', 'id'], at)
    await ok(['add', '.'], at)
    await ok(['commit', '-m', 'Base'], at)
    await ok(['switch', '-c', 'topic'], at)
    put('people.csv', 'id,city\n1,Linz\n2,Paris\n', folder)
    await ok(['commit', '-am', 'One'], at)
    put('people.csv', 'id,city\n1,Linz\n2,Lyon\n', folder)
    await ok(['commit', '-am', 'Two'], at)
    await ok(['switch', 'main'], at)
    put('people.csv', 'id,city\n1,Graz\n2,Paris\n', folder)
    await ok(['commit', '-am', 'Upstream'], at)
    await ok(['switch', 'topic'], at)
    const stopped = await varve(['rebase', 'main'], at)
    expect(stopped.code).toBe(21)
    expect(stopped.stdout).toMatch(
      /^rebase stopped at [0-9a-f]{8} \(1 of 2\): 1 conflict in 1 path\n {2}conflict {2}people.csv/,
    )
    expect(stopped.stderr).toContain('varve rebase --continue')
    expect(await ok(['status'], at)).toMatch(
      /^HEAD detached at [0-9a-f]{8}, branch topic is being rebased\nrebase onto main stopped at [0-9a-f]{8} \(1 of 2\): 1 conflict left\n {2}\(varve conflicts, varve resolve, varve rebase --skip, varve rebase --abort\)\n/,
    )
    expect((await varve(['rebase', '--continue'], at)).code).toBe(21)
    await ok(['rebase', '--abort'], at)
    expect(await ok(['status', '--short'], at)).toBe('')
    expect((await varve(['rebase', 'main', '--json'], at)).code).toBe(21)
    const settled = await varve(['resolve', 'people.csv', '--theirs'], at)
    expect([settled.code, settled.stderr]).toEqual([0, "hint: 'varve rebase --continue' commits\n"])
    expect(await json(['merge', '--continue'], at)).toMatchObject({
      outcome: 'merged',
      rebase: { done: 2, total: 2 },
    })
    expect(await ok(['log', '--oneline'], at)).toMatch(/ Two\n.* One\n.* Upstream\n.* Base\n$/)
    expect(get('people.csv', folder)).toBe('id,city\n1,Linz\n2,Lyon\n')
    expect(await json(['status'], at)).toMatchObject({ branch: 'topic', merging: null, unstaged: [] })
  })

  test('without an upstream, or with what git would take for another branch, is refused with the next step', async () => {
    expect((await varve(['rebase'], at)).stderr).toContain("branch 'topic' has no upstream")
    expect((await varve(['rebase', 'main', 'topic'], at)).stderr).toContain("'varve switch topic'")
    expect((await varve(['rebase', '--continue'], at)).code).toBe(20)
    expect((await varve(['rebase', '--abort'], at)).code).toBe(20)
  })
})

describe('remotes', () => {
  const here = { cwd: path.join(dir, 'here') }
  const there = { cwd: path.join(dir, 'there') }

  test('push, clone, fetch and pull carry commits', async () => {
    mkdirSync(here.cwd)
    await ok(['init'], here)
    put('a.txt', 'a\n', here.cwd)
    await ok(['add', '.'], here)
    const { id: first } = await json<{ id: string }>(['commit', '-m', 'First'], here)
    await ok(['init', '--bare', '../hub'], here)
    expect(await json(['remote', 'add', 'origin', '../hub'], here)).toMatchObject({ name: 'origin' })
    expect(await json(['remote'], here)).toMatchObject({ items: [{ name: 'origin' }] })
    expect(await json(['push', '-u', 'origin', 'main'], here)).toMatchObject({
      updates: [{ ref: 'refs/heads/main', before: null, after: first }],
    })
    expect(await json(['clone', '../hub', there.cwd], here)).toMatchObject({
      root: there.cwd,
      branch: 'main',
      head: first,
    })
    put('b.txt', 'b\n', there.cwd)
    await ok(['add', '.'], there)
    const { id: second } = await json<{ id: string }>(['commit', '-m', 'Second'], there)
    await ok(['push'], there)
    expect(await json(['fetch'], here)).toMatchObject({
      remote: 'origin',
      updates: [{ before: first, after: second }],
    })
    expect(await json(['status'], here)).toMatchObject({
      upstream: { name: 'origin/main', ahead: 0, behind: 1 },
    })
    expect(await json(['merge', '--dry-run'], here)).toMatchObject({
      outcome: 'fast-forward',
      theirs: second,
    })
    expect(await json(['pull', '--ff-only'], here)).toMatchObject({
      merged: { outcome: 'fast-forward', commit: second },
    })
    expect(get('b.txt', here.cwd)).toBe('b\n')
  })

  test('a push that would lose commits is refused with 61', async () => {
    await ok(['commit', '--amend', '-m', 'Other'], there)
    expect((await varve(['push'], there)).code).toBe(61)
    expect(await json(['push', '-f'], there)).toMatchObject({ updates: [{ forced: true }] })
    expect(await json(['remote', 'remove', 'origin'], there)).toEqual({ removed: 'origin' })
  })
})
