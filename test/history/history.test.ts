import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { collect } from '../../src/base/iterables.ts'
import type { CommitCid } from '../../src/encoding/cid.ts'
import { divergence, isAncestor, mergeBases, walkCommits } from '../../src/history/ancestry.ts'
import { nextGeneration, readCommit, readTag, writeCommit, writeTag } from '../../src/history/commit.ts'
import { checkRefName } from '../../src/history/refs.ts'
import { resolveRevision, splitRange, splitRevisionPath } from '../../src/history/revision.ts'
import { MemoryStore } from '../../src/store/memory.ts'

const ada = { name: 'Ada', email: 'ada@example.org', timeMs: 1_700_000_000_000, zoneMinutes: 60 }

/** 'a; b: a; c: a; d: b c' draws a graph: each commit with its parents, parents first. */
async function graph(drawing: string): Promise<{ store: MemoryStore; cids: Map<string, CommitCid> }> {
  const store = MemoryStore.create()
  const writer = store.writer()
  const tree = writer.put('raw', new Uint8Array([1]))
  const cids = new Map<string, CommitCid>()
  let minute = 0
  for (const line of drawing.split(';').map((text) => text.trim())) {
    const [name, rest = ''] = line.split(':')
    const parents = rest
      .split(' ')
      .filter((parent) => parent !== '')
      .map((parent) => cids.get(parent)!)
    const who = { ...ada, timeMs: ada.timeMs + 60_000 * minute++ }
    const generation = await nextGeneration(writer, parents)
    cids.set(
      name!.trim(),
      writeCommit(writer, {
        tree,
        parents,
        author: who,
        committer: who,
        message: name!,
        generation,
        extra: {},
      }),
    )
  }
  const refs = new Map([...cids].map(([name, cid]) => [`refs/heads/${name}`, cid]))
  await store.update(
    () => ({ refs, head: 'refs/heads/a', operation: { name: 'draw', message: '', author: '' } }),
    { writer },
  )
  return { store, cids }
}

async function names(drawing: string, from: string[], exclude: string[] = []): Promise<string> {
  const { store, cids } = await graph(drawing)
  const walk = walkCommits(
    store,
    from.map((name) => cids.get(name)!),
    { exclude: exclude.map((name) => cids.get(name)!) },
  )
  return (await collect(walk)).map((commit) => commit.message).join(' ')
}

describe('walking history', () => {
  //   a - b - d
  //     \ c /
  const diamond = 'a; b: a; c: a; d: b c'

  test('children come before parents, each commit once, newest first', async () => {
    expect(await names(diamond, ['d'])).toBe('d c b a')
  })

  test('what the excluded commits reach is left out, even over a longer way', async () => {
    expect(await names(diamond, ['d'], ['b'])).toBe('d c')
    expect(await names('a; b: a; c: b; x: a; y: x', ['y'], ['c'])).toBe('y x')
    expect(await names('a; b: a', ['a'], ['b'])).toBe('')
  })

  test('ahead and behind count each side alone', async () => {
    const { store, cids } = await graph('a; b: a; c: b; x: a')
    expect(await divergence(store, cids.get('c')!, cids.get('x')!)).toMatchObject({ ahead: 2, behind: 1 })
  })
})

describe('merge bases', () => {
  async function bases(drawing: string, a: string, b: string): Promise<string[]> {
    const { store, cids } = await graph(drawing)
    const found = await mergeBases(store, cids.get(a)!, cids.get(b)!)
    return (await Promise.all(found.map((cid) => readCommit(store, cid))))
      .map((commit) => commit.message)
      .sort()
  }

  test('a fork has the commit where it forked', async () => {
    expect(await bases('a; b: a; c: b; d: b', 'c', 'd')).toEqual(['b'])
  })
  test('of an ancestor and its descendant it is the ancestor', async () => {
    expect(await bases('a; b: a; c: b', 'a', 'c')).toEqual(['a'])
    expect(await bases('a', 'a', 'a')).toEqual(['a'])
  })
  test('a criss-cross has two', async () => {
    expect(await bases('a; b: a; c: a; d: b c; e: c b', 'd', 'e')).toEqual(['b', 'c'])
  })
  test('unrelated histories have none', async () => {
    expect(await bases('a; b', 'a', 'b')).toEqual([])
  })

  test('equals the brute-force definition on random graphs', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(2)), { minLength: 2, maxLength: 12 }),
        async (shape) => {
          const letters = 'abcdefghijklmno'
          const drawing = shape.map(([p, q, count], i) => {
            const parents = new Set(i === 0 ? [] : [letters[p % i]!, letters[q % i]!].slice(0, count))
            return `${letters[i]}: ${[...parents].join(' ')}`
          })
          const { store, cids } = await graph(drawing.join(';'))
          const reach = async (cid: CommitCid): Promise<Set<string>> =>
            new Set((await collect(walkCommits(store, [cid]))).map((commit) => commit.cid))
          const [a, b] = [[...cids.values()].at(-1)!, [...cids.values()].at(-2)!]
          const [ra, rb] = [await reach(a), await reach(b)]
          const common = [...ra].filter((cid) => rb.has(cid)) as CommitCid[]
          const best: string[] = []
          for (const cid of common) {
            let dominated = false
            for (const other of common) if (other !== cid && (await reach(other)).has(cid)) dominated = true
            if (!dominated) best.push(cid)
          }
          expect(await mergeBases(store, a, b)).toEqual(best.sort())
          expect(await isAncestor(store, b, a)).toBe(ra.has(b))
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('revisions', () => {
  const drawing = 'a; b: a; c: b; m: c a'

  async function resolve(revision: string): Promise<string> {
    const { store, cids } = await graph(drawing)
    await store.update(() => ({
      head: 'refs/heads/m',
      operation: { name: 'switch', message: '', author: '' },
    }))
    const name = revision.replaceAll(/<(\w)>/g, (_, letter: string) => cids.get(letter)!.slice(8, 20))
    return (await readCommit(store, (await resolveRevision(store, name)).commit)).message
  }

  test.each([
    ['HEAD', 'm'],
    ['@', 'm'],
    ['b', 'b'],
    ['refs/heads/b', 'b'],
    ['HEAD~2', 'b'],
    ['HEAD^2', 'a'],
    ['HEAD^1~1', 'b'],
    ['m^^^', 'a'],
    ['<c>', 'c'],
    ['<c>~', 'b'],
  ])('%s is %s', async (revision, expected) => {
    expect(await resolve(revision)).toBe(expected)
  })

  test.each(['nobody', 'HEAD~9', 'HEAD^3', 'dead', 'a@{upstream}', 'a@{5}', ''.padEnd(64, '0')])(
    "'%s' is not found, with a hint",
    async (revision) => {
      await expect(resolve(revision)).rejects.toMatchObject({ code: 'VARVE_REF_NOT_FOUND' })
    },
  )

  test("a branch that only a remote has is named in the hint, with the remote's name", async () => {
    const { store, cids } = await graph('a')
    await store.update(() => ({
      refs: new Map([['refs/remotes/origin/topic/one', cids.get('a')!]]),
      operation: { name: 'fetch', message: '', author: '' },
    }))
    const hintOf = (name: string): Promise<unknown> =>
      resolveRevision(store, name).catch(({ hint }: { hint: string }) => hint)
    expect(await hintOf('topic/one')).toBe("did you mean 'origin/topic/one'?")
    expect(await hintOf('one')).toContain('varve branch')
  })

  test('name@{N} is where the ref was N moves ago', async () => {
    const { store, cids } = await graph('a; b: a')
    const to = (name: string): Promise<unknown> =>
      store.update(() => ({
        refs: new Map([['refs/heads/x', cids.get(name)!]]),
        operation: { name: 'commit', message: '', author: '' },
      }))
    await to('a')
    await to('b')
    expect((await resolveRevision(store, 'x@{0}')).commit).toBe(cids.get('b'))
    expect((await resolveRevision(store, 'x@{1}')).commit).toBe(cids.get('a'))
  })

  test('a shortened id finds commits that refs have left, after those that they reach', async () => {
    const { store, cids } = await graph('a; b: a; c: b')
    const names = ['refs/heads/b', 'refs/heads/c'].map((ref) => [ref, null] as const)
    await store.update(() => ({
      head: 'refs/heads/a',
      refs: new Map(names),
      operation: { name: 'reset', message: '', author: '' },
    }))
    const short = cids.get('b')!.slice(8, 20)
    expect((await resolveRevision(store, short)).commit).toBe(cids.get('b'))
    const far = Object.assign(store, { pastIsFar: true })
    await expect(resolveRevision(far, short)).rejects.toMatchObject({ code: 'VARVE_REF_NOT_FOUND' })
  })

  test('ranges and paths are split off', () => {
    expect(splitRange('a..b')).toEqual({ from: 'a', to: 'b', symmetric: false })
    expect(splitRange('a...')).toEqual({ from: 'a', to: 'HEAD', symmetric: true })
    expect(splitRange('a')).toBeNull()
    expect(splitRevisionPath('HEAD~1:data/a:b.csv')).toEqual({ revision: 'HEAD~1', path: 'data/a:b.csv' })
  })
})

describe('commits and tags', () => {
  test('a tag object leads to its commit', async () => {
    const { store, cids } = await graph('a')
    const writer = store.writer()
    const tag = writeTag(writer, { target: cids.get('a')!, name: 'v1', tagger: ada, message: 'first' })
    await store.update(
      () => ({ refs: new Map([['refs/tags/v1', tag]]), operation: { name: 'tag', message: '', author: '' } }),
      { writer },
    )
    expect(await readTag(store, tag)).toMatchObject({ name: 'v1', message: 'first', tagger: ada })
    expect((await resolveRevision(store, 'v1')).commit).toBe(cids.get('a'))
  })

  test('an object that is no commit is refused as corrupt', async () => {
    const { store } = await graph('a')
    const writer = store.writer()
    const cid = writer.put('dag-cbor', Uint8Array.of(0xa0))
    await expect(readCommit(writer, cid)).rejects.toMatchObject({ code: 'VARVE_CORRUPT' })
  })

  test.each([
    '',
    'HEAD',
    '-x',
    'a..b',
    'a b',
    'a~',
    'a^',
    'a:b',
    'x.lock',
    '../../config',
    'a//b',
    '.a',
    'a.',
    'a@{b',
    'a\nb',
    '@',
    'half\ud800',
    'half\udc00',
  ])('the ref name %j is refused', (name) => {
    expect(() => checkRefName(name, 'branch')).toThrow(/not a valid branch name/)
  })
})
