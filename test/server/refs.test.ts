// Branches and tags: many of them, in pages, and names that two of them have.
import { expect, test } from 'vitest'
import type { CommitCid } from '../../src/encoding/cid.ts'
import { digestHex } from '../../src/encoding/cid.ts'
import type { Store } from '../../src/store/interface.ts'
import { commitOn } from '../remote/history.ts'
import { cellsOf, linkOf, readPage } from './reading.ts'
import { serve } from './serving.ts'

async function withRefs(
  count: number,
): Promise<Awaited<ReturnType<typeof serve>> & { first: CommitCid; second: CommitCid }> {
  const serving = await serve()
  const store = await serving.repository('many')
  const first = await commitOn(store, 'refs/heads/main', { files: { a: '1' } })
  const second = await commitOn(store, 'refs/heads/main', { files: { a: '2' } })
  const number = (i: number): string => String(i).padStart(5, '0')
  await setRefs(store, [
    ...Array.from({ length: count }, (_, i): [string, CommitCid] => [`refs/heads/topic-${number(i)}`, first]),
    ...Array.from({ length: count }, (_, i): [string, CommitCid] => [`refs/tags/v${number(i)}`, second]),
    ['refs/heads/both', first],
    ['refs/tags/both', second],
    ['refs/heads/tags/v00001', first],
    ['refs/heads/HEAD', first],
  ])
  return { ...serving, first, second }
}

async function setRefs(store: Store, refs: readonly (readonly [string, CommitCid])[]): Promise<void> {
  await store.update(() => ({ refs: new Map(refs), operation: { name: 'test', message: '', author: '' } }))
}

test('thousands of branches and tags come in pages, and by what their names contain', async () => {
  const { call } = await withRefs(1500)
  expect((await call('/v1/repos/many')).json).toMatchObject({ branches: 1504, tags: 1501 })
  for (const [kind, count] of [
    ['branches', 1504],
    ['tags', 1501],
  ] as const) {
    const names: string[] = []
    for (let at = ''; ;) {
      const { json } = await call(`/v1/repos/many/${kind}?limit=700${at}`)
      names.push(...json.items.map(({ name }: { name: string }) => name))
      if (json.cursor === null) break
      at = `&cursor=${json.cursor}`
    }
    expect([kind, names.length, new Set(names).size]).toEqual([kind, count, count])
    expect(names).toEqual(names.toSorted())
  }
  const { json } = await call('/v1/repos/many/branches?name=c-0123')
  expect(json.items.map(({ name }: { name: string }) => name)).toEqual(
    Array.from({ length: 10 }, (_, i) => `topic-0123${i}`),
  )
  const found = readPage(await call('/many/refs?name=v0123'))
  expect([cellsOf(found).length, found.text.includes('No branches')]).toEqual([10, true])
})

test('the page of branches and tags has the current one first, and goes on with either', async () => {
  const { call } = await withRefs(250)
  const page = readPage(await call('/many/refs'))
  expect(cellsOf(page)[0]![0]).toBe('main current')
  const tags = readPage(await call(linkOf(page, 'More tags', '/many/refs')))
  expect(tags.all('h2').map(({ text }) => text)).toEqual(['Tags 251'])
  expect(cellsOf(tags).map(([name]) => name)).toContain('v00249')
  const branches = readPage(await call(linkOf(page, 'More branches', '/many/refs')))
  expect(cellsOf(branches).map(([name]) => name)).toContain('topic-00249')
})

test('links of a branch lead to it, whatever else has its name', async () => {
  const { call, first, second } = await withRefs(2)
  const page = readPage(await call('/many/refs'))
  const expected = {
    'heads both': first,
    'heads HEAD': first,
    'heads tags/v00001': first,
    'tags both': second,
    'tags v00001': second,
  }
  const [heads, tags] = page.all('tbody')
  for (const [ref, commit] of Object.entries(expected)) {
    const [kind, name] = ref.split(' ')
    const link = (kind === 'heads' ? heads : tags)!.all('a').find(({ text }) => text === name)!
    const { search } = new URL(link.attributes['href']!, 'http://host/many/refs')
    const { json } = await call(`/v1/repos/many/tree${search}`)
    expect([ref, json.commit]).toEqual([ref, digestHex(commit)])
  }
  const history = readPage(await call('/many/history'))
  const shown = await call(linkOf(history, 'both', '/many/history'))
  expect(readPage(shown).text).not.toContain(digestHex(second).slice(0, 8))
})

test('a commit that thousands of names point at shows some of them', async () => {
  const { call } = await withRefs(1500)
  const page = await call('/many/history')
  expect(readPage(page).text).toContain('more')
  expect(page.text.length).toBeLessThan(60_000)
})
