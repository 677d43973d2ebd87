import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import { Repository, type ConflictInfo, type RowChange } from '../../src/index.ts'
import type { TableEntry } from '../../src/files/interface.ts'
import { Tree } from '../../src/files/tree.ts'
import { readCommit } from '../../src/history/commit.ts'
import { resolveRevision } from '../../src/history/revision.ts'
import { MapBuilder } from '../../src/prolly/map-builder.ts'
import { loadTable, writeTable } from '../../src/table/table-object.ts'
import { temporaryDir } from '../support/temporary.ts'
import {
  at,
  author,
  commitEdit,
  diverged,
  edit,
  isClean,
  people,
  read,
  subjects,
  withPeople,
  write,
} from './people.ts'

describe('a merge', () => {
  test('of different cells merges, and the file follows', async () => {
    const repo = await diverged(['Wien', 'Linz'], ['Ann', 'Anna'])
    expect(await repo.merge('side')).toMatchObject({ outcome: 'merged', conflictCount: 0 })
    expect(read(repo, 'people.csv')).toBe('id,name,city\n1,Anna,Linz\n2,Bob,Paris\n3,Cy,Rome\n')
    expect(await isClean(repo)).toBe(true)
  })

  test('with a conflict waits, is resolved by cell, and becomes a commit with two parents', async () => {
    const repo = await diverged(['Wien', 'Linz'], ['Wien', 'Graz'])
    expect(await repo.merge('side')).toMatchObject({ outcome: 'conflict', conflictCount: 1 })
    expect(read(repo, 'people.csv')).toContain('1,Ann,Linz')
    const [conflict] = await collect<ConflictInfo>(repo.conflicts())
    expect(conflict).toMatchObject({
      kind: 'cell',
      key: [1],
      column: 'city',
      base: 'Wien',
      ours: 'Linz',
      theirs: 'Graz',
    })
    await expect(repo.commit({ message: 'too early' })).rejects.toMatchObject({
      code: 'VARVE_MERGE_CONFLICT',
    })
    const settled = await repo.resolve('people.csv', {
      key: ['1'],
      column: 'city',
      take: { value: 'Villach' },
    })
    expect(settled).toEqual({ resolved: 1, left: 0 })
    expect(read(repo, 'people.csv')).toContain('1,Ann,Villach')
    expect((await repo.mergeContinue()).parents).toHaveLength(2)
    expect(await isClean(repo)).toBe(true)
  })

  test('with a conflict survives being closed, and is settled by adding the edited file', async () => {
    const first = await diverged(['two', 'zwei'], ['two', 'deux'], 'notes.txt')
    await first.merge('side')
    await first.close()
    const repo = await Repository.open(first.root!, { author })
    expect((await repo.status()).merging).toMatchObject({ conflicts: 1 })
    expect((await collect<ConflictInfo>(repo.conflicts()))[0]!.text).toContain(
      '<<<<<<< ours\nzwei\n||||||| base\ntwo\n=======\ndeux\n>>>>>>> theirs\n',
    )
    write(repo, 'notes.txt', 'one\nduo\nthree\n')
    await repo.add(['notes.txt'])
    await repo.mergeContinue()
    expect(read(repo, 'notes.txt')).toBe('one\nduo\nthree\n')
    expect(await isClean(repo)).toBe(true)
  })

  test('that is aborted leaves everything as it was', async () => {
    const repo = await diverged(['Wien', 'Linz'], ['Wien', 'Graz'])
    const before = read(repo, 'people.csv')
    await repo.merge('side')
    await repo.mergeAbort()
    expect(read(repo, 'people.csv')).toBe(before)
    expect(await isClean(repo)).toBe(true)
  })

  test('that is aborted keeps edits of what it did not touch, and refuses to drop those of what it did', async () => {
    const repo = await diverged(['Wien', 'Linz'], ['Wien', 'Graz'])
    const before = read(repo, 'people.csv')
    edit(repo, 'two', 'mine', 'notes.txt')
    await repo.merge('side')
    await repo.resolve('people.csv', { take: 'theirs' })
    edit(repo, 'Rome', 'Roma')
    const edited = read(repo, 'people.csv')
    await expect(repo.mergeAbort()).rejects.toMatchObject({
      code: 'VARVE_UNCOMMITTED',
      data: { paths: ['people.csv'] },
      hint: expect.stringContaining('--force'),
    })
    expect([read(repo, 'people.csv'), (await repo.merging())?.kind]).toEqual([edited, 'merge'])
    await repo.add(['people.csv'])
    await repo.mergeAbort()
    expect([read(repo, 'people.csv'), read(repo, 'notes.txt')]).toEqual([before, 'one\nmine\nthree\n'])
    await repo.undo()
    expect(read(repo, 'people.csv')).toBe(edited)
    edit(repo, 'Roma', 'Romae')
    await repo.mergeAbort({ discard: true })
    expect([read(repo, 'people.csv'), read(repo, 'notes.txt')]).toEqual([before, 'one\nmine\nthree\n'])
  })

  test('is refused before anything is touched when it would overwrite a local change', async () => {
    const repo = await diverged(['Wien', 'Linz'], ['Ann', 'Anna'])
    edit(repo, 'Rome', 'Roma')
    const before = read(repo, 'people.csv')
    await expect(repo.merge('side')).rejects.toMatchObject({
      code: 'VARVE_UNCOMMITTED',
      data: { paths: ['people.csv'] },
    })
    expect(read(repo, 'people.csv')).toBe(before)
    expect((await repo.status()).merging).toBeNull()
  })

  test('fast-forwards, or refuses to, as asked', async () => {
    const repo = await withPeople()
    await repo.switch('side', { create: true })
    const tip = await commitEdit(repo, 'Wien', 'Linz', 'theirs')
    await repo.switch('main')
    expect(await repo.merge('side')).toMatchObject({ outcome: 'fast-forward', commit: tip })
    expect(await repo.merge('side')).toMatchObject({ outcome: 'up-to-date' })
    const other = await diverged(['Wien', 'Linz'], ['Ann', 'Anna'])
    await expect(other.merge('side', { fastForward: 'only' })).rejects.toMatchObject({
      code: 'VARVE_NOT_POSSIBLE',
    })
  })
})

describe('undo', () => {
  test('goes back one operation at a time, files included, and never runs in circles', async () => {
    const repo = await diverged(['Wien', 'Linz'], ['Ann', 'Anna'])
    const before = read(repo, 'people.csv')
    await repo.merge('side')
    expect((await repo.undo()).undone).toMatch(/^merge: Merge branch 'side'/)
    expect(read(repo, 'people.csv')).toBe(before)
    expect((await repo.undo()).undone).toBe('commit: ours')
    const [latest] = await collect(repo.reflog({ limit: 1 }))
    expect(latest).toMatchObject({ operation: 'undo', message: 'commit: ours' })
    // The commit is undone, its content is still staged and in the file.
    expect((await repo.status()).staged.map((change) => change.path)).toEqual(['people.csv'])
    expect(read(repo, 'people.csv')).toContain('Linz')
    expect((await repo.undo()).undone).toMatch(/^add/)
    expect((await repo.status()).unstaged.map((change) => change.path)).toEqual(['people.csv'])
  })

  test('of a hard reset brings the commits back', async () => {
    const repo = await withPeople()
    await commitEdit(repo, 'Wien', 'Linz', 'second')
    await repo.reset('HEAD~1', { mode: 'hard' })
    expect(read(repo, 'people.csv')).toBe(people)
    await repo.undo()
    expect(await subjects(repo)).toEqual(['second', 'first'])
    expect(read(repo, 'people.csv')).toContain('Linz')
  })

  test('says so when there is nothing left', async () => {
    const repo = await Repository.init(temporaryDir(), { author })
    await expect(repo.undo()).rejects.toMatchObject({ code: 'VARVE_NOT_POSSIBLE' })
  })
})

describe('several writers', () => {
  test('a commit of staged changes keeps what a transaction committed meanwhile', async () => {
    const repo = await withPeople()
    edit(repo, 'Wien', 'Linz')
    await repo.add(['people.csv'])
    await repo.transaction('main', async (tx) => {
      const row = await tx.table('people').get(3)
      tx.table('people').put({ ...row, city: 'Roma' })
    })
    await repo.commit({ message: 'mine' })
    const table = (await repo.at('HEAD')).table('people')
    expect([(await table.get(1))!['city'], (await table.get(3))!['city']]).toEqual(['Linz', 'Roma'])
    expect((await repo.status()).behindBranch).toBe(true)
    await repo.switch('main')
    expect(read(repo, 'people.csv')).toBe('id,name,city\n1,Ann,Linz\n2,Bob,Paris\n3,Cy,Roma\n')
    expect(await isClean(repo)).toBe(true)
  })

  test('transactions of several repositories on one store: none is lost', async () => {
    const repo = await withPeople()
    const others = await Promise.all([1, 2, 3, 4].map(() => Repository.open(repo.root!, { author })))
    await Promise.all(
      others.flatMap((other, i) =>
        Array.from({ length: 5 }, (_, j) =>
          other.transaction('main', (tx) =>
            tx.table('people').put({ id: 10 + 5 * i + j, name: `p${i}${j}`, city: 'X' }),
          ),
        ),
      ),
    )
    expect(await (await repo.at('main')).table('people').count()).toBe(23)
    expect(await subjects(repo, 'main')).toHaveLength(21)
  })

  test('a transaction whose function throws leaves nothing behind', async () => {
    const repo = await withPeople()
    const failing = repo.transaction('main', (tx) => {
      tx.table('people').put({ id: 9, name: 'x', city: 'y' })
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await subjects(repo)).toEqual(['first'])
    expect((await repo.fsck()).problems).toEqual([])
  })
})

describe('a stat', () => {
  test('counts the rows of a table that came, changed or went, as its diff lists them', async () => {
    const repo = await withPeople()
    await commitEdit(repo, '2,Bob,Paris\n', '4,Di,Bonn\n5,Ed,Bern\n', 'rows')
    await repo.remove(['people.csv'])
    await repo.commit({ message: 'gone' })
    const found: (object | undefined)[] = []
    for (const [from, to] of [
      ['HEAD~2', 'HEAD~1'],
      ['HEAD~1', 'HEAD'],
      ['HEAD', 'HEAD~1'],
    ] as const) {
      const counts = { added: 0, removed: 0, changed: 0, cells: 0 }
      for (const diff of await collect(repo.diff({ from, to })))
        for await (const batch of diff.rows()) for (const row of batch) counts[row.kind]++
      const [stat] = await collect(repo.diffStat({ from, to }))
      expect(stat!.rows).toEqual(counts)
      found.push(stat!.rows)
    }
    expect(found).toMatchObject([{ added: 2, removed: 1 }, { removed: 4 }, { added: 4 }])
  })
})

describe('the author', () => {
  test("is the options', then the config's, then the default's, each field for itself", async () => {
    const dir = temporaryDir()
    await using plain = await Repository.init(dir, {})
    const asOpened = async (options: Parameters<typeof Repository.open>[1]): Promise<object> => {
      await using repo = await Repository.open(dir, options)
      const { author: given } = await repo.commit({ message: 'x', allowEmpty: true })
      return { name: given.name, email: given.email }
    }
    await expect(asOpened({})).rejects.toThrow('nobody has said who you are')
    const defaultAuthor = { name: 'Default', email: 'default@example.org' }
    expect(await asOpened({ defaultAuthor })).toEqual(defaultAuthor)
    await plain.setConfig('user.name', 'Config')
    expect(await asOpened({ defaultAuthor })).toEqual({ name: 'Config', email: 'default@example.org' })
    expect(await asOpened({ author: { name: 'Option' }, defaultAuthor })).toEqual({
      name: 'Option',
      email: 'default@example.org',
    })
    expect(await asOpened({ author, defaultAuthor })).toEqual(author)
  })
})

test('author and committer of a new commit sign at one moment', async () => {
  let timeMs = 1e12
  const now = () => ({ timeMs: timeMs++, zoneMinutes: 60 })
  await using repo = await Repository.init(path.join(temporaryDir(), 'signed'), { author, now })
  write(repo, 'a.txt', '1')
  await repo.add(['.'])
  const other = { name: 'Bob', email: 'bob@example.org' }
  const commits = [
    await repo.commit({ message: 'Staged' }),
    await repo.commit({ message: 'By another', allowEmpty: true, author: other }),
    (await repo.transaction('main', (tx) => tx.writeFile('b.txt', '2'), { author: other })).commit!,
  ]
  for (const { author: by, committer } of commits) expect(by.timeMs).toBe(committer.timeMs)
})

describe('one commit elsewhere', () => {
  test('cherry-pick keeps the author, revert takes the change back', async () => {
    const repo = await withPeople()
    await repo.switch('side', { create: true })
    edit(repo, 'Wien', 'Linz')
    await repo.commit({ message: 'move Ann', all: true, author: { name: 'Eve', email: 'eve@example.org' } })
    await repo.switch('main')
    await commitEdit(repo, 'Rome', 'Roma', 'spell Rome')
    await repo.cherryPick('side')
    const picked = await repo.commitInfo('HEAD')
    expect([picked.author.name, picked.committer.name, picked.message]).toEqual(['Eve', 'Ada', 'move Ann'])
    await repo.revert('HEAD~1')
    expect(read(repo, 'people.csv')).toBe(people.replace('Wien', 'Linz'))
    expect(await subjects(repo)).toEqual(['Revert "spell Rome"', 'move Ann', 'spell Rome', 'first'])
  })

  test('picking what is there already changes nothing and says so', async () => {
    const repo = await withPeople()
    await expect(repo.cherryPick('HEAD')).rejects.toMatchObject({ code: 'VARVE_NOTHING_TO_COMMIT' })
  })
})

describe('remotes', () => {
  async function pair(): Promise<{ a: Repository; b: Repository }> {
    const a = await withPeople()
    const shared = path.join(temporaryDir(), 'shared')
    await a.addRemote('origin', shared)
    await a.push('origin', ['main'], { setUpstream: true })
    return { a, b: await Repository.clone(shared, path.join(temporaryDir(), 'b'), { author }) }
  }

  test('a clone has the files, the history and nothing to commit', async () => {
    const { a, b } = await pair()
    expect(read(b, 'people.csv')).toBe(read(a, 'people.csv'))
    expect(await subjects(b)).toEqual(['first'])
    expect(await isClean(b)).toBe(true)
    expect((await b.status()).upstream).toEqual({ name: 'origin/main', ahead: 0, behind: 0 })
  })

  test('a push before the first commit, and a pull of a branch that is not there, say so', async () => {
    const repo = await Repository.init(temporaryDir(), { author })
    const remote = temporaryDir()
    await (await Repository.init(remote, { bare: true })).close()
    await repo.addRemote('origin', remote)
    await expect(repo.push()).rejects.toThrow("branch 'main' has no commits yet")
    await expect(repo.pull()).rejects.toThrow("the remote 'origin' has no branch 'main'")
    await repo.close()
  })

  test('a push that would lose the other side is refused; pull merges, then it goes through', async () => {
    const { a, b } = await pair()
    await commitEdit(a, 'Wien', 'Linz', 'a')
    await a.push()
    await commitEdit(b, 'Rome', 'Roma', 'b')
    await expect(b.push()).rejects.toMatchObject({
      code: 'VARVE_REFUSED',
      hint: expect.stringContaining('varve pull'),
    })
    expect((await b.pull()).merged.outcome).toBe('merged')
    await b.push()
    await a.pull()
    expect(read(a, 'people.csv')).toBe('id,name,city\n1,Ann,Linz\n2,Bob,Paris\n3,Cy,Roma\n')
  })

  test('pull --rebase puts our commits on top, one line of history', async () => {
    const { a, b } = await pair()
    await commitEdit(a, 'Wien', 'Linz', 'a')
    await a.push()
    await commitEdit(b, 'Rome', 'Roma', 'b1')
    await commitEdit(b, 'Bob', 'Robert', 'b2')
    await b.pull(undefined, undefined, { mode: 'rebase' })
    expect(await subjects(b)).toEqual(['b2', 'b1', 'a', 'first'])
    expect(read(b, 'people.csv')).toBe('id,name,city\n1,Ann,Linz\n2,Robert,Paris\n3,Cy,Roma\n')
    expect(await isClean(b)).toBe(true)
  })

  test('pull --rebase that clashes stops at the commit, and goes on when that is resolved', async () => {
    const { a, b } = await pair()
    await commitEdit(a, 'Wien', 'Linz', 'a')
    await a.push()
    await commitEdit(b, 'Wien', 'Graz', 'b')
    await commitEdit(b, 'Rome', 'Roma', 'b2')
    await expect(b.pull(undefined, undefined, { mode: 'ff-only' })).rejects.toMatchObject({
      code: 'VARVE_NOT_POSSIBLE',
      message: "'origin/main' cannot be fast-forwarded to: both sides have commits",
    })
    const { merged } = await b.pull(undefined, undefined, { mode: 'rebase' })
    expect(merged).toMatchObject({ outcome: 'conflict', rebase: { done: 0, total: 2 } })
    expect(await subjects(b, 'main')).toEqual(['b2', 'b', 'first'])
    await b.resolve('people.csv', { take: 'theirs' })
    await b.rebaseContinue()
    expect(await subjects(b)).toEqual(['b2', 'b', 'a', 'first'])
    expect((await b.status()).upstream).toEqual({ name: 'origin/main', ahead: 2, behind: 0 })
    expect(read(b, 'people.csv')).toBe('id,name,city\n1,Ann,Graz\n2,Bob,Paris\n3,Cy,Roma\n')
  })

  test("another repository's folder can be fetched from, but its checked-out branch not pushed to", async () => {
    const a = await withPeople()
    const b = await Repository.clone(a.root!, path.join(temporaryDir(), 'b'), { author })
    await commitEdit(b, 'Wien', 'Linz', 'b')
    await expect(b.push()).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
    await b.push('origin', ['main:incoming'])
    expect(await a.merge('incoming')).toMatchObject({ outcome: 'fast-forward' })
    expect(read(a, 'people.csv')).toContain('Linz')
  })

  test('a remote that is not there is unreachable, and a failed clone leaves no folder', async () => {
    const repo = await withPeople()
    await repo.addRemote('origin', path.join(temporaryDir(), 'nothing'))
    await expect(repo.fetch()).rejects.toMatchObject({ code: 'VARVE_UNREACHABLE' })
    const target = path.join(temporaryDir(), 'clone')
    await expect(Repository.clone('/nowhere/at/all', target)).rejects.toMatchObject({
      code: 'VARVE_UNREACHABLE',
    })
    expect(existsSync(target)).toBe(false)
  })
})

describe('switch and reset', () => {
  test('a staged change comes along, a clash is refused, and discard throws it away', async () => {
    const repo = await diverged(['Wien', 'Linz'], ['Ann', 'Anna'])
    write(repo, 'new.txt', 'new\n')
    await repo.add(['new.txt'])
    await repo.switch('side')
    expect((await repo.status()).staged.map((change) => change.path)).toEqual(['new.txt'])
    edit(repo, 'Anna', 'Anne')
    await expect(repo.switch('main')).rejects.toMatchObject({ code: 'VARVE_UNCOMMITTED' })
    await repo.switch('main', { discard: true })
    expect(await isClean(repo)).toBe(true)
    expect(read(repo, 'people.csv')).toContain('Linz')
  })

  test.each(['soft', 'mixed', 'hard'] as const)('reset --%s moves what it says', async (mode) => {
    const repo = await withPeople()
    await commitEdit(repo, 'Wien', 'Linz', 'second')
    await repo.reset('HEAD~1', { mode })
    const { staged, unstaged } = await repo.status()
    expect([staged.length, unstaged.length]).toEqual({ soft: [1, 0], mixed: [0, 1], hard: [0, 0] }[mode])
    expect(read(repo, 'people.csv').includes('Linz')).toBe(mode !== 'hard')
  })

  test("'-' is where HEAD was before: a branch that is still there, or a commit without one", async () => {
    const repo = await withPeople()
    await expect(repo.switch('-')).rejects.toThrow('there is no branch to go back to')
    await repo.switch('side', { create: true })
    await repo.switch('gone', { create: true })
    await repo.switch('main')
    await repo.deleteBranch('gone', { force: true })
    expect(await repo.switch('-')).toMatchObject({ branch: 'side' })
    expect(await repo.switch('-')).toMatchObject({ branch: 'main' })
    const { head } = await repo.switch('HEAD', { detach: true })
    expect(await repo.switch('-')).toMatchObject({ branch: 'main' })
    expect(await repo.switch('-')).toEqual({ branch: null, head, left: [] })
  })

  test('HEAD can be detached and come back', async () => {
    const repo = await withPeople()
    await commitEdit(repo, 'Wien', 'Linz', 'second')
    expect(await repo.switch('HEAD~1', { detach: true })).toMatchObject({ branch: null })
    expect(read(repo, 'people.csv')).toBe(people)
    expect((await repo.switch('main')).left).toEqual([])
    expect(read(repo, 'people.csv')).toContain('Linz')
  })

  test('commits that no branch has are named when HEAD leaves them', async () => {
    const repo = await withPeople()
    await repo.switch('HEAD', { detach: true })
    const first = await commitEdit(repo, 'Wien', 'Linz', 'without a branch')
    const second = await commitEdit(repo, 'Linz', 'Graz', 'neither')
    const { left } = await repo.switch('main')
    expect(left.map(({ id }) => id)).toEqual([second, first])
    await repo.createBranch('kept', { startPoint: second })
    await repo.switch(second, { detach: true })
    expect((await repo.switch('main')).left).toEqual([])
  })
})

describe('files of all kinds', () => {
  test('symlinks, executables, empty files and large ones go through a clone unchanged', async () => {
    const repo = await withPeople()
    mkdirSync(at(repo, 'sub'))
    writeFileSync(at(repo, 'sub/run.sh'), '#!/bin/sh\n', { mode: 0o755 })
    write(repo, 'sub/empty', '')
    symlinkSync('../people.csv', at(repo, 'sub/link'))
    const large = Buffer.alloc(3_000_000, 'varve lays down a layer a year; ')
    for (let i = 0; i < large.length; i += 997) large[i] = i % 251
    writeFileSync(at(repo, 'large.bin'), large)
    await repo.add(['.'])
    await repo.commit({ message: 'more' })
    const clone = await Repository.clone(repo.root!, path.join(temporaryDir(), 'c'), { author })
    expect(readFileSync(at(clone, 'large.bin')).equals(large)).toBe(true)
    expect(lstatSync(at(clone, 'sub/run.sh')).mode & 0o111).not.toBe(0)
    expect(lstatSync(at(clone, 'sub/link')).isSymbolicLink()).toBe(true)
    expect(readdirSync(at(clone, 'sub')).sort()).toEqual(['empty', 'link', 'run.sh'])
    expect(await isClean(clone)).toBe(true)
  })

  test('a path that becomes a file instead of a table, and back, has changed its kind', async () => {
    const repo = await withPeople()
    const kinds = async (): Promise<string[]> => [
      ...(await repo.status()).staged.map(({ state, kind }) => `status ${state} ${kind}`),
      ...(await collect(repo.diff({ staged: true }))).map(({ state }) => `diff ${state}`),
    ]
    await repo.add(['people.csv'], { asFile: true })
    expect(await kinds()).toEqual(['status typechange file', 'diff typechange'])
    await repo.commit({ message: 'as a file' })
    edit(repo, 'Wien', 'Linz')
    await repo.add(['people.csv'])
    expect(await kinds()).toEqual(['status typechange table', 'diff typechange'])
  })

  test('rm and mv are staged and done in the folder', async () => {
    const repo = await withPeople()
    await repo.move('people.csv', 'data/people.csv')
    await repo.remove(['notes.txt'])
    expect((await repo.status()).staged.map((change) => [change.path, change.state])).toEqual(
      expect.arrayContaining([
        ['data/people.csv', 'renamed'],
        ['notes.txt', 'deleted'],
      ]),
    )
    await repo.commit({ message: 'tidy' })
    expect(await isClean(repo)).toBe(true)
    expect((await collect(repo.list('HEAD'))).map((entry) => [entry.path, entry.kind])).toContainEqual([
      'data/people.csv',
      'table',
    ])
  })
})

describe('import and export', () => {
  const bytes = async function* (text: string): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(text)
  }
  const text = async (parts: AsyncIterable<Uint8Array>): Promise<string> =>
    Buffer.concat(await collect(parts)).toString()

  test('a table imported without a file lives in the dataset and is exported in any format', async () => {
    const repo = await withPeople()
    const imported = await repo.importTable(bytes('code,n\nb,2\na,1\n'), {
      path: 'codes',
      format: 'csv',
      key: ['code'],
    })
    expect(imported).toEqual({ path: 'codes', rows: 2, added: 2, changed: 0, removed: 0 })
    await repo.commit({ message: 'codes' })
    expect(existsSync(at(repo, 'codes'))).toBe(false)
    expect(await isClean(repo)).toBe(true)
    expect(await text(repo.exportTable('HEAD', 'codes', { format: 'jsonl' }))).toBe(
      '{"code":"a","n":1}\n{"code":"b","n":2}\n',
    )
    const again = await repo.importTable(bytes('{"code":"a","n":7}\n{"code":"c","n":3}\n'), {
      path: 'codes',
      format: 'jsonl',
      key: ['code'],
      replace: true,
    })
    expect(again).toMatchObject({ rows: 2, added: 1, changed: 1, removed: 1 })
  })

  test('importing into a tracked file changes the file too', async () => {
    const repo = await withPeople()
    await repo.importTable(bytes('id,name,city\n2,Bob,Lyon\n4,Di,Oslo\n'), {
      path: 'people.csv',
      format: 'csv',
      key: ['id'],
    })
    expect(read(repo, 'people.csv')).toBe('id,name,city\n1,Ann,Wien\n2,Bob,Lyon\n3,Cy,Rome\n4,Di,Oslo\n')
    expect((await repo.status()).staged.map((change) => change.path)).toEqual(['people.csv'])
  })
})

describe('odd data', () => {
  test('columns named __proto__ and constructor, and integers beyond 2^53, survive everything', async () => {
    const repo = await Repository.init(temporaryDir(), { author })
    write(repo, 'odd.csv', 'id,__proto__,constructor\n9007199254740993,a,b\n9007199254740994,c,d\n')
    await repo.track('odd.csv', { key: ['id'] })
    await repo.add(['.'])
    await repo.commit({ message: 'odd' })
    const row = await (await repo.at('HEAD')).table('odd').get(9007199254740993n)
    expect([row!['id'], row!['__proto__'], row!['constructor']]).toEqual([9007199254740993n, 'a', 'b'])
    await commitEdit(repo, ',c,d', ',C,d', 'change', 'odd.csv')
    const changes: RowChange[] = []
    for await (const diff of repo.diff({ from: 'HEAD~1', to: 'HEAD' }))
      for await (const rows of diff.rows()) changes.push(...rows)
    expect(changes[0]!.cells).toEqual([{ column: '__proto__', before: 'c', after: 'C' }])
    expect(({} as { isAdmin?: unknown }).isAdmin).toBeUndefined()
  })

  test.each([
    ['a ragged row', 'id,a\n1,x\n2\n', /ragged|cells|line 3/i],
    ['a doubled key', 'id,a\n1,x\n1,y\n', /line 3|twice|duplicate/i],
    ['an empty key', 'id,a\n1,x\n,y\n', /line 3|empty/i],
    ['an unclosed quote', 'id,a\n1,"x\n', /quote/i],
  ])('%s is refused with its line, nothing is staged, and --as-file keeps it', async (_, csv, message) => {
    const repo = await withPeople()
    write(repo, 'varve.yaml', 'tables:\n  people.csv:\n    key: id\n  odd.csv:\n    key: id\n')
    write(repo, 'odd.csv', csv)
    await expect(repo.add(['odd.csv'])).rejects.toMatchObject({
      code: 'VARVE_RULE_VIOLATED',
      message: expect.stringMatching(message),
    })
    expect((await repo.status()).staged).toEqual([])
    await repo.add(['odd.csv'], { asFile: true })
    expect((await repo.status()).staged).toMatchObject([{ path: 'odd.csv', kind: 'file' }])
  })
})

describe('a repository that came as a folder', () => {
  test('is refused when something in it is a symbolic link', async () => {
    const repo = await withPeople()
    const elsewhere = temporaryDir()
    renameSync(at(repo, '.varve/tmp'), path.join(elsewhere, 'tmp'))
    symlinkSync(path.join(elsewhere, 'tmp'), at(repo, '.varve/tmp'))
    await expect(Repository.open(repo.root!)).rejects.toMatchObject({ code: 'VARVE_REFUSED' })
  })

  test('whose tree is no tree, or whose table is no table, is found by fsck', async () => {
    const repo = await withPeople()
    expect((await repo.fsck()).problems).toEqual([])
    const { store, nodes } = repo.repo
    const writer = store.writer()
    const head = await readCommit(store, (await resolveRevision(store, 'HEAD')).commit)
    const tree = await Tree.load(nodes, head.tree)
    const entry = (await tree.get('people.csv')) as TableEntry
    const builder = new MapBuilder(writer)
    builder.addEntry(new Uint8Array([0x21, 1]), new Uint8Array([99]))
    const rows = builder.finish(nodes.through(writer)).cid
    const table = writeTable(writer, { ...(await loadTable(store, entry.table)), rows })
    const forged = await (
      await Tree.load(nodes.through(writer), head.tree)
    ).update(writer, new Map([['people.csv', { ...entry, table }]]))
    await store.update(
      () => ({ refs: new Map([['INDEX', forged.cid]]), operation: { name: 'x', message: '', author: '' } }),
      { writer },
    )
    expect((await repo.fsck()).problems).toEqual([
      { where: "tree of INDEX, table 'people.csv'", what: 'row has unknown flags' },
    ])
  })
})

test("a folder with a file called 'format' is part of the repository that it lies in", async () => {
  const dir = temporaryDir()
  await (await Repository.init(dir, { author })).close()
  mkdirSync(`${dir}/sub`)
  writeFileSync(`${dir}/sub/format`, 'csv')
  await using repository = await Repository.open(`${dir}/sub`)
  expect(repository.root).toBe(dir)
})

test('a program without types is told where a list is meant', async () => {
  const repo = await withPeople()
  const untyped = repo as unknown as Record<'add' | 'track', (...given: unknown[]) => Promise<void>>
  await expect(untyped.add('people.csv')).rejects.toThrow(
    new TypeError("a list is needed, such as ['people.csv']"),
  )
  await expect(untyped.add()).rejects.toThrow(TypeError)
  const keyed = new TypeError("a list is needed, such as { key: ['id'] }")
  await expect(untyped.track('people.csv')).rejects.toThrow(keyed)
  await expect(
    repo.transaction('main', (tx) => void tx.createTable('more', { key: 'id' as unknown as string[] })),
  ).rejects.toThrow(keyed)
})
