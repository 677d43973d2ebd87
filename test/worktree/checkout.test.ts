import * as fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { Commit } from '../../src/history/interface.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import type { Folder, Repo } from '../../src/repo/interface.ts'
import { move } from '../../src/repo/move.ts'
import { bringBack } from '../../src/repo/stash/bring-back.ts'
import { putAside } from '../../src/repo/stash/stash.ts'
import { undo } from '../../src/repo/undo.ts'
import { stage } from '../../src/worktree/add.ts'
import { worktreeFolder } from '../../src/worktree/folder.ts'
import type { Worktree } from '../../src/worktree/interface.ts'
import { cleanFiles } from '../../src/worktree/clean.ts'
import {
  abandonNote,
  checkoutsUnderWay,
  notesLeftBehind,
  takeNote,
} from '../../src/worktree/checkout/note.ts'
import { restorePaths } from '../../src/worktree/restore.ts'
import { recover } from '../../src/worktree/checkout/recover.ts'
import { worktreeStatus } from '../../src/worktree/status.ts'
import {
  commit,
  everything,
  goTo,
  remove,
  secondView,
  temporaryFolder,
  worktreeWith,
  write,
} from './folder.ts'

type Files = Record<string, string>

/** Commits each state of the folder in turn; the folder then shows the last one. */
async function history(...states: Files[]): Promise<{ worktree: Worktree; commits: Commit[] }> {
  const worktree = worktreeWith()
  const commits: Commit[] = []
  for (const files of states) {
    for (const name of Object.keys(everything(worktree))) remove(worktree, name)
    for (const name of fs.readdirSync(worktree.root)) if (name !== '.varve') remove(worktree, name)
    write(worktree, files)
    await stage(worktree, ['.'])
    commits.push(await commit(worktree))
  }
  return { worktree, commits }
}

function withAuthor({ repo }: Worktree): Repo {
  return { ...repo, author: { name: 'Ada', email: 'ada@example.org' } }
}

async function isClean(worktree: Worktree): Promise<boolean> {
  const { staged, unstaged, untracked } = await worktreeStatus(worktree)
  return staged.length + unstaged.length + untracked.length === 0
}

describe('going from tree to tree', () => {
  const pairs: [string, Files, Files][] = [
    ['edits, additions and removals', { a: '1', b: '2', 'd/e/f': '3' }, { a: '1', b: '22', c: '4' }],
    ['a file that becomes a folder', { a: '1' }, { 'a/x': '2', 'a/b/y': '3' }],
    ['a file that becomes a symlink', { a: '1', t: 't' }, { a: '-> t', t: 't' }],
    ['a folder that becomes a symlink', { 'a/x': '1', 'b/x': '2' }, { a: '-> b', 'b/x': '2' }],
    ['an empty file and a large one', { a: '' }, { a: 'x'.repeat(500_000), b: '' }],
    ['everything', { a: '1', b: '2' }, { c: '3' }],
  ]
  test.each(pairs)('%s, and back', async (_, before, after) => {
    const { worktree, commits } = await history(before, after)
    await goTo(worktree, commits[0]!)
    expect(everything(worktree)).toEqual(before)
    expect(await isClean(worktree)).toBe(true)
    await goTo(worktree, commits[1]!)
    expect(everything(worktree)).toEqual(after)
    expect(await isClean(worktree)).toBe(true)
  })

  test('keeps the executable bit and removes folders that it empties', async () => {
    const { worktree, commits } = await history({ keep: '1' }, { keep: '1', 'bin/tool': 'x' })
    fs.chmodSync(path.join(worktree.root, 'bin/tool'), 0o755)
    await stage(worktree, ['.'])
    const third = await commit(worktree)
    await goTo(worktree, commits[0]!)
    expect(fs.existsSync(path.join(worktree.root, 'bin'))).toBe(false)
    await goTo(worktree, third)
    expect(fs.statSync(path.join(worktree.root, 'bin/tool')).mode & 0o111).not.toBe(0)
    await goTo(worktree, commits[1]!)
    expect(fs.statSync(path.join(worktree.root, 'bin/tool')).mode & 0o111).toBe(0)
  })

  test('a name that is not UTF-8 is removed and comes back', async () => {
    const { worktree, commits } = await history({ a: '1' })
    const place = Buffer.concat([Buffer.from(`${worktree.root}/caf`), Buffer.from([0xe9])])
    fs.writeFileSync(place, 'latin')
    await stage(worktree, ['.'])
    const second = await commit(worktree)
    await goTo(worktree, commits[0]!)
    expect(fs.existsSync(place)).toBe(false)
    await goTo(worktree, second)
    expect(fs.readFileSync(place, 'utf8')).toBe('latin')
    expect(await isClean(worktree)).toBe(true)
  })

  test('a table comes back byte for byte', async () => {
    const csv = 'id;name\r\n2;"Grace"\r\n1;Ada\r\n'
    const config = 'tables:\n  p.csv: {key: id}\n'
    const { worktree, commits } = await history(
      { 'varve.yaml': config, 'p.csv': csv },
      { 'varve.yaml': config, 'p.csv': csv.replace('Ada', 'Ada L.') },
    )
    await goTo(worktree, commits[0]!)
    expect(everything(worktree)['p.csv']).toBe(csv)
    expect(await isClean(worktree)).toBe(true)
  })
})

test('a table of which little changed is patched to the very bytes it had', async () => {
  const rows = (city: string): string =>
    'id,name,city\n' +
    Array.from({ length: 5000 }, (_, i) => `${i},name ${i},${i === 2345 ? city : 'Wien'}\n`).join('')
  const config = 'tables:\n  p.csv: {key: id}\n'
  const { worktree, commits } = await history(
    { 'varve.yaml': config, 'p.csv': rows('Graz') },
    { 'varve.yaml': config, 'p.csv': rows('"Linz, an der Donau"') },
  )
  for (const [i, city] of [
    [0, 'Graz'],
    [1, '"Linz, an der Donau"'],
  ] as const) {
    await goTo(worktree, commits[i]!)
    expect(everything(worktree)['p.csv']).toBe(rows(city))
    expect(await isClean(worktree)).toBe(true)
  }
})

describe('what is not committed', () => {
  test('stays when the target leaves its path alone', async () => {
    const { worktree, commits } = await history({ a: '1', b: '1' }, { a: '2', b: '1' })
    write(worktree, { b: 'mine', new: 'mine too' })
    await goTo(worktree, commits[0]!)
    expect(everything(worktree)).toEqual({ a: '1', b: 'mine', new: 'mine too' })
  })

  test.each([
    ['an edited file', { a: '1' }, { a: '2' }, { a: 'mine' }, ['a']],
    ['an untracked file', { a: '1', n: '1' }, { a: '1' }, { n: 'mine' }, ['n']],
    ['a file in a folder that becomes a file', { a: '1' }, { 'a/x': '2' }, { 'a/mine': 'm' }, ['a/mine']],
    ['a file where a folder is to be', { 'a/x': '1' }, { b: '1' }, { a: 'mine' }, ['a']],
    ['a symlink where a folder is to be', { 'a/x': '1' }, { b: '1' }, { a: '-> b' }, ['a']],
    [
      'an ignored file',
      { a: '1', 'x.log': '1' },
      { a: '1', '.varveignore': '*.log' },
      { 'x.log': 'mine' },
      ['x.log'],
    ],
  ] as [string, Files, Files, Files, string[]][])(
    '%s in the way is refused, and nothing is touched',
    async (_, first, second, local, lost) => {
      const { worktree, commits } = await history(first, second)
      write(worktree, local)
      const before = everything(worktree)
      const manifest = await worktree.repo.store.manifest()
      await expect(goTo(worktree, commits[0]!)).rejects.toMatchObject({
        code: 'VARVE_UNCOMMITTED',
        data: { paths: lost },
      })
      expect(everything(worktree)).toEqual(before)
      expect(await worktree.repo.store.manifest()).toBe(manifest)
      await goTo(worktree, commits[0]!, { discard: true })
      expect(everything(worktree)).toMatchObject(first)
      expect((await worktreeStatus(worktree)).unstaged).toEqual([])
    },
  )

  test('a file that already is as the target has it is no obstacle', async () => {
    const { worktree, commits } = await history({ a: '1', b: '1' }, { a: '2' })
    write(worktree, { a: '1', b: '1' })
    await goTo(worktree, commits[0]!)
    expect(await isClean(worktree)).toBe(true)
  })

  test('a large file that is edited while it is written is not overwritten', async () => {
    const big = (seed: string): string => `${seed} `.repeat(100_000)
    const { worktree, commits } = await history({ a: big('1') }, { a: big('2') })
    const { store } = worktree.repo
    let isEdited = false
    const editing = new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        if (name !== 'get') return value.bind(target)
        return async (cids: readonly string[], ...rest: []) => {
          // Raw objects are pieces of files.
          if (cids.some((cid) => cid.startsWith('0155'))) {
            write(worktree, { a: 'mine' })
            isEdited = true
          }
          return target.get(cids as Parameters<typeof target.get>[0], ...rest)
        }
      },
    })
    const folder = worktreeFolder({ ...worktree, repo: { ...worktree.repo, nodes: new NodeStore(editing) } })
    const io = { writer: store.writer(), nodes: worktree.repo.nodes }
    const [to, from] = [commits[0]!.tree, commits[1]!.tree]
    const route = { from, to, index: to, witness: null, operation: 'switch' }
    await folder.prepare(io, route, {})
    await expect(folder.apply(route, {})).rejects.toMatchObject({ code: 'VARVE_UNCOMMITTED' })
    expect([isEdited, everything(worktree)]).toEqual([true, { a: 'mine' }])
  })

  test('a file edited between the check and the writing is not overwritten', async () => {
    const { worktree, commits } = await history({ a: '1', b: '1' }, { a: '2', b: '2' })
    const folder = worktreeFolder(worktree)
    const io = { writer: worktree.repo.store.writer(), nodes: worktree.repo.nodes }
    const [to, from] = [commits[0]!.tree, commits[1]!.tree]
    const route = { from, to, index: to, witness: null, operation: 'switch' }
    await folder.prepare(io, route, {})
    write(worktree, { b: 'mine' })
    await expect(folder.apply(route, {})).rejects.toMatchObject({
      code: 'VARVE_UNCOMMITTED',
      data: { paths: ['b'] },
    })
    expect(everything(worktree)).toMatchObject({ b: 'mine' })
  })

  test('untracked files outlive a discarding checkout', async () => {
    const { worktree, commits } = await history({ a: '1' }, { a: '2' })
    write(worktree, { a: 'mine', untracked: 'mine' })
    await goTo(worktree, commits[0]!, { discard: true })
    expect(everything(worktree)).toEqual({ a: '1', untracked: 'mine' })
  })
})

describe('a symlink that leads out of the worktree', () => {
  const states: Files[] = [{ 'a/x': 'inside' }, { a: '-> CANARY' }, { a: 'file' }, { other: '1' }]
  const orders = states
    .flatMap((_, i) => states.map((_state, j) => [i, j] as const))
    .filter(([i, j]) => i !== j)

  test.each(orders)('is never written through, going from state %i to %i', async (from, to) => {
    const canary = temporaryFolder()
    fs.writeFileSync(path.join(canary, 'x'), 'canary')
    const own = (files: Files): Files =>
      Object.fromEntries(Object.entries(files).map(([name, text]) => [name, text.replace('CANARY', canary)]))
    for (const discard of [false, true]) {
      const { worktree, commits } = await history(own(states[to]!), own(states[from]!))
      await goTo(worktree, commits[0]!, { discard })
      expect(everything(worktree)).toEqual(own(states[to]!))
      // And with the link planted where the tree has something else.
      fs.rmSync(path.join(worktree.root, 'a'), { recursive: true, force: true })
      fs.symlinkSync(canary, path.join(worktree.root, 'a'))
      await goTo(worktree, commits[1]!, { discard }).catch(() => undefined)
      expect(fs.readdirSync(canary)).toEqual(['x'])
      expect(fs.readFileSync(path.join(canary, 'x'), 'utf8')).toBe('canary')
    }
  })
})

describe('a checkout cut short', () => {
  async function cutShort(worktree: Worktree, target: Commit, pid = 2 ** 22 + 1): Promise<Worktree> {
    const real = worktreeFolder(worktree)
    const dying: Folder = {
      prepare: (...args) => real.prepare(...args),
      snapshot: (...args) => real.snapshot(...args),
      apply: () => Promise.reject(new Error('killed')),
      release: () => real.release(),
      leave: () => {},
      removeTemporaries: () => real.removeTemporaries(),
      smallText: (path) => real.smallText(path),
    }
    const plan = async (): Promise<
      Parameters<typeof move>[2] extends (...args: never) => Promise<infer M> ? M : never
    > => ({
      refs: new Map([['refs/heads/main', target.cid]]),
      operation: { name: 'switch', message: '' },
      show: target.tree,
    })
    await expect(move(worktree.repo, dying, plan)).rejects.toThrow('killed')
    return abandoned(worktree, pid)
  }

  /** Its process is gone: the note names one that cannot be. */
  function abandoned(worktree: Worktree, pid = 2 ** 22 + 1): Worktree {
    const folder = path.join(worktree.dotDir, 'checkouts')
    for (const name of fs.readdirSync(folder)) {
      const note = JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'))
      fs.rmSync(path.join(folder, name))
      fs.writeFileSync(path.join(folder, 'f'.repeat(16) + '.json'), JSON.stringify({ ...note, pid }))
    }
    return secondView(worktree)
  }

  test('behind the manifest is rolled forward by the next command', async () => {
    const { worktree, commits } = await history({ a: '1', b: '1' }, { a: '2', 'c/d': '1' })
    const next = await cutShort(worktree, commits[0]!)
    await recover(next)
    expect(everything(next)).toEqual({ a: '1', b: '1' })
    expect(fs.readdirSync(path.join(next.dotDir, 'checkouts'))).toEqual([])
  })

  test.skipIf(process.platform !== 'linux')(
    'is rolled forward although another process has its number now',
    async () => {
      const { worktree, commits } = await history({ a: '1' }, { a: '2' })
      const next = await cutShort(worktree, commits[0]!, process.ppid)
      await recover(next)
      expect(everything(next)).toEqual({ a: '1' })
    },
  )

  test.each([
    ['staging', (worktree: Worktree) => stage(worktree, ['.'])],
    ['putting aside', (worktree: Worktree) => putAside(withAuthor(worktree), worktreeFolder(worktree))],
    ['cleaning', (worktree: Worktree) => cleanFiles(worktree)],
    ['restoring', (worktree: Worktree) => restorePaths(worktree, ['b'])],
  ])('is rolled forward before %s, by who opened the repository when it was whole', async (_, act) => {
    const { worktree, commits } = await history({ a: '1', b: '1' }, { a: '2', 'c/d': '1' })
    const opened = await cutShort(worktree, commits[0]!)
    await act(opened)
    expect(everything(opened)).toEqual({ a: '1', b: '1' })
    expect(await isClean(opened)).toBe(true)
  })

  test('is finished by one of two who find it', async () => {
    const { worktree, commits } = await history({ a: '1', b: '1' }, { a: '2', 'c/d': '1' })
    const next = await cutShort(worktree, commits[0]!)
    const [left] = notesLeftBehind(next)
    const taken = [takeNote(next, left!, left!.intent!), takeNote(next, left!, left!.intent!)]
    expect(taken).toEqual([{ name: expect.any(String) }, null])
    expect(notesLeftBehind(next)).toEqual([])
    expect(checkoutsUnderWay(next)).toEqual([process.pid])
    abandonNote(next, taken[0]!)
    const both = [secondView(next), secondView(next)]
    await Promise.all(both.map((one) => stage(one, ['.'])))
    expect(everything(next)).toEqual({ a: '1', b: '1' })
    expect(await isClean(next)).toBe(true)
  })

  test('leaves what the user changed since', async () => {
    const { worktree, commits } = await history({ a: '1', b: '1' }, { a: '2', b: '2' })
    const next = await cutShort(worktree, commits[0]!)
    write(next, { a: 'mine' })
    await recover(next)
    expect(everything(next)).toEqual({ a: 'mine', b: '1' })
  })

  test('before the manifest changes nothing, although another brings the index to the same', async () => {
    const { worktree, commits } = await history({ a: '1' }, { a: '2' })
    const { repo } = worktree
    const io = { writer: repo.store.writer(), nodes: repo.nodes }
    write(worktree, { a: 'mine' })
    await stage(worktree, ['a'])
    const from = (await repo.store.manifest()).refs.get('INDEX')!
    const to = commits[1]!.tree
    const route = { from, to, index: to, witness: null, operation: 'stash' }
    await worktreeFolder(worktree).prepare(io, route, {})
    await repo.store.update(() => ({
      refs: new Map([['INDEX', to]]),
      operation: { name: 'undo', message: '', author: '' },
    }))
    await recover(abandoned(worktree))
    expect(everything(worktree)).toEqual({ a: 'mine' })
    expect(fs.readdirSync(path.join(worktree.dotDir, 'checkouts'))).toEqual([])
  })

  test.each([
    ['before the manifest has put nothing aside', 'prepare', { a: '2', b: '3' }, false],
    ['behind it has put all aside', 'carryOut', { a: '1', b: '1' }, true],
  ] as const)('a stash killed %s, and staged nothing', async (_, dies, files, isThere) => {
    const { worktree } = await history({ a: '1', b: '1' })
    const { repo } = worktree
    write(worktree, { a: '2' })
    await stage(worktree, ['a'])
    const staged = (await repo.store.manifest()).refs.get('INDEX')
    write(worktree, { b: '3' })
    const real = worktreeFolder(worktree)
    const dying: Folder = {
      prepare: async (...args) => {
        await real.prepare(...args)
        if (dies === 'prepare') throw new Error('killed')
      },
      snapshot: (...args) => real.snapshot(...args),
      apply: () => Promise.reject(new Error('killed')),
      release: () => real.release(),
      leave: () => {},
      removeTemporaries: () => real.removeTemporaries(),
      smallText: (path) => real.smallText(path),
    }
    const ada = { ...repo, author: { name: 'Ada', email: 'ada@example.org' } }
    await expect(putAside(ada, dying)).rejects.toThrow('killed')
    const { refs } = await repo.store.manifest()
    expect([refs.has('refs/stash/1'), refs.get('INDEX') === staged]).toEqual([isThere, !isThere])
    await recover(abandoned(worktree))
    expect(everything(worktree)).toEqual(files)
  })

  test('who writes or stages files waits for the checkout of another', async () => {
    const { worktree } = await history({ a: '1', b: '1' })
    write(worktree, { a: '2' })
    const repo = { ...worktree.repo, author: { name: 'Ada', email: 'ada@example.org' } }
    const real = worktreeFolder(worktree)
    let goOn = (): void => {}
    const gate = new Promise<void>((resolve) => (goOn = resolve))
    const slow: Folder = {
      prepare: (...args) => real.prepare(...args),
      snapshot: (...args) => real.snapshot(...args),
      apply: async (...args) => {
        await gate
        await real.apply(...args)
      },
      release: () => real.release(),
      leave: () => real.leave(),
      removeTemporaries: () => real.removeTemporaries(),
      smallText: (path) => real.smallText(path),
    }
    const order: string[] = []
    const stash = putAside(repo, slow).then(() => order.push('stash'))
    const hasStash = async (): Promise<boolean> => (await repo.store.manifest()).refs.has('refs/stash/1')
    await vi.waitFor(async () => expect(await hasStash()).toBe(true))
    const other = secondView(worktree)
    const back = undo(repo, worktreeFolder(other)).then(() => order.push('undo'))
    const staged = stage(other, ['.']).then(({ staged: all }) => order.push(`add ${all.length}`))
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect([order, everything(worktree).a]).toEqual([[], '2'])
    goOn()
    await Promise.all([stash, back, staged])
    expect([order[0], everything(worktree).a, await hasStash()]).toEqual(['stash', '2', false])
  })

  test.each([
    ['undoing', (repo: Repo, folder: Folder) => undo(repo, folder)],
    [
      'bringing back',
      (repo: Repo, folder: Folder) => bringBack(repo, folder, undefined, { keep: false, index: true }),
    ],
  ])('a stash whose %s is refused by an edit stays', async (_, act) => {
    const { worktree } = await history({ a: '1', b: '1' })
    write(worktree, { a: '2' })
    const repo = { ...worktree.repo, author: { name: 'Ada', email: 'ada@example.org' } }
    const real = worktreeFolder(worktree)
    await putAside(repo, real)
    const late: Folder = {
      prepare: async (...args) => {
        await real.prepare(...args)
        write(worktree, { a: 'mine' })
      },
      snapshot: (...args) => real.snapshot(...args),
      apply: (...args) => real.apply(...args),
      release: () => real.release(),
      leave: () => real.leave(),
      removeTemporaries: () => real.removeTemporaries(),
      smallText: (path) => real.smallText(path),
    }
    await expect(act(repo, late)).rejects.toMatchObject({ code: 'VARVE_UNCOMMITTED' })
    expect((await repo.store.manifest()).refs.has('refs/stash/1')).toBe(true)
    expect(everything(worktree).a).toBe('mine')
  })

  test('a checkout that fails is waited for by nobody, although its process lives on', async () => {
    const { worktree, commits } = await history({ a: '1' }, { a: '2' })
    const folder = worktreeFolder(worktree)
    const io = { writer: worktree.repo.store.writer(), nodes: worktree.repo.nodes }
    const [from, to] = [commits[1]!.tree, commits[0]!.tree]
    await folder.prepare(io, { from, to, index: to, witness: null, operation: 'switch' }, {})
    folder.leave()
    expect(fs.readdirSync(path.join(worktree.dotDir, 'checkouts'))).toEqual([
      expect.stringMatching(/^[0-9a-f]{16}\.left\.json$/),
    ])
    await stage(secondView(worktree), ['.'])
    expect(fs.readdirSync(path.join(worktree.dotDir, 'checkouts'))).toEqual([])
  })

  test('what another checkout writes meanwhile is not taken for edits', async () => {
    const { worktree, commits } = await history({ a: '1' }, { a: '2' }, { a: '3' })
    const real = worktreeFolder(worktree)
    let turns = 0
    const outrun: Folder = {
      prepare: async (...args) => {
        if (turns++ === 0) await goTo(secondView(worktree), commits[1]!)
        await real.prepare(...args)
      },
      snapshot: (...args) => real.snapshot(...args),
      apply: (...args) => real.apply(...args),
      release: () => real.release(),
      leave: () => real.leave(),
      removeTemporaries: () => real.removeTemporaries(),
      smallText: (path) => real.smallText(path),
    }
    await move(worktree.repo, outrun, async () => ({
      refs: new Map([['refs/heads/main', commits[0]!.cid]]),
      operation: { name: 'switch', message: '' },
      show: commits[0]!.tree,
    }))
    expect([turns, everything(worktree)]).toEqual([2, { a: '1' }])
    write(worktree, { a: 'mine' })
    await expect(goTo(worktree, commits[2]!)).rejects.toMatchObject({ code: 'VARVE_UNCOMMITTED' })
  })

  test('a plan that another makes void leaves no note', async () => {
    const { worktree, commits } = await history({ a: '1' }, { a: '2' })
    const { repo } = worktree
    let turns = 0
    await move(repo, worktreeFolder(worktree), async () => {
      if (turns++ > 0) return null
      await repo.store.update(() => ({ operation: { name: 'gc', message: '', author: '' } }))
      return { refs: new Map(), operation: { name: 'switch', message: '' }, show: commits[0]!.tree }
    })
    expect([turns, everything(worktree).a]).toEqual([2, '2'])
    expect(fs.readdirSync(path.join(worktree.dotDir, 'checkouts'))).toEqual([])
  })

  test('before the manifest changes nothing', async () => {
    const { worktree, commits } = await history({ a: '1' }, { a: '2' })
    const folder = worktreeFolder(worktree)
    const io = { writer: worktree.repo.store.writer(), nodes: worktree.repo.nodes }
    const [from, to] = [commits[1]!.tree, commits[0]!.tree]
    await folder.prepare(io, { from, to, index: to, witness: null, operation: 'switch' }, {})
    await recover(abandoned(worktree))
    expect(everything(worktree)).toEqual({ a: '2' })
  })
})

test('a checkout that is stopped says that the next command ends it, which it does', async () => {
  const worktree = worktreeWith({ a: '1', b: '1' })
  await stage(worktree, ['.'])
  const first = await commit(worktree)
  const large = 'a line\n'.repeat(50_000)
  write(worktree, { a: '2', b: large })
  await stage(worktree, ['.'])
  const second = await commit(worktree)
  await goTo(worktree, first)
  const stop = new AbortController()
  const stopped = move(
    worktree.repo,
    worktreeFolder(worktree),
    async (manifest) => ({
      refs: new Map([[manifest.head ?? 'HEAD', second.cid]]),
      operation: { name: 'switch', message: '' },
      show: second.tree,
    }),
    { signal: stop.signal, onProgress: ({ phase }) => phase === 'writing files' && stop.abort() },
  )
  const error = await stopped.catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'VARVE_ABORTED', hint: expect.stringContaining('next command') })
  expect(everything(worktree)['b']).toBe('1')
  await recover(secondView(worktree))
  expect(everything(worktree)['b'] === large).toBe(true)
})
