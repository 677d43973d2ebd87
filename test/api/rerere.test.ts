import { describe, expect, test } from 'vitest'
import { rememberedMax } from '../../src/merge/resolve/rerere.ts'
import { Clash, csv } from './merging.ts'

const head = 'id,name,city'
const sides = {
  base: { 'people.csv': csv(head, '1,Ann,Wien', '2,Bob,Graz', '3,Cy,Linz'), 'notes.txt': 'a\n' },
  ours: { 'people.csv': csv(head, '1,Ann,Rom', '3,Cy,Linz', '9,Eve,Ulm'), 'notes.txt': 'b\n' },
  theirs: {
    'people.csv': csv(head, '1,Ann,Paris', '2,Bob,Oslo', '3,Cy,Linz', '9,Flo,Gent'),
    'notes.txt': 'c\n',
  },
}
const settled = csv(head, '1,Ann,Turin', '2,Bob,Oslo', '3,Cy,Linz', '9,Eve,Ulm')

const clashing = (): Promise<Clash> => Clash.of({ 'people.csv': ['id'] }, sides)

/** A cell by a value, a row, a collision, and a text by editing the file. */
async function resolveAll(clash: Clash): Promise<void> {
  const { repo } = clash
  await repo.resolve('people.csv', { key: ['1'], column: 'city', take: { value: 'Turin' } })
  await repo.resolve('people.csv', { key: ['2'], take: 'keep' })
  await repo.resolve('people.csv', {
    key: ['9'],
    take: clash.read('people.csv').includes('Eve') ? 'ours' : 'theirs',
  })
  clash.write({ 'notes.txt': 'b and c\n' })
  await repo.add(['notes.txt'])
}

describe('rerere', () => {
  test('a merge that meets the same conflicts again settles them the same way, and stops for a look', async () => {
    const clash = await clashing()
    expect(await clash.repo.merge('theirs')).toMatchObject({ conflictCount: 4, reused: [] })
    await resolveAll(clash)
    const files = [clash.read('people.csv'), clash.read('notes.txt')]
    expect(files).toEqual([settled, 'b and c\n'])
    await clash.repo.mergeAbort()
    expect(await clash.repo.merge('theirs')).toMatchObject({
      outcome: 'conflict',
      conflictCount: 0,
      reused: [
        { id: '1', kind: 'file', path: 'notes.txt' },
        { id: '2', kind: 'cell', path: 'people.csv', key: [1], column: 'city' },
        { id: '3', kind: 'row', path: 'people.csv', key: [2] },
        { id: '4', kind: 'key-collision', path: 'people.csv', key: [9] },
      ],
    })
    expect([clash.read('people.csv'), clash.read('notes.txt')]).toEqual(files)
    expect((await clash.repo.status()).merging).toMatchObject({ conflicts: 0 })
    const listed = await clash.conflicts({ resolved: true })
    expect(listed.map(({ resolution }) => resolution)).toMatchObject([
      { how: 'reused', side: null },
      { how: 'reused', side: null, value: 'Turin' },
      { how: 'reused', side: 'theirs' },
      { how: 'reused', side: 'ours' },
    ])
    expect((await clash.repo.mergeContinue()).parents.length).toBe(2)
  })

  test('the sides may be swapped', async () => {
    const clash = await clashing()
    await clash.repo.merge('theirs')
    await resolveAll(clash)
    await clash.repo.mergeAbort()
    await clash.repo.switch('theirs')
    expect(await clash.repo.merge('main')).toMatchObject({ conflictCount: 0, reused: { length: 4 } })
    expect([clash.read('people.csv'), clash.read('notes.txt')]).toEqual([settled, 'b and c\n'])
  })

  test('another value anywhere makes it another conflict', async () => {
    const clash = await clashing()
    await clash.repo.merge('theirs')
    await resolveAll(clash)
    await clash.repo.mergeAbort()
    await clash.change(
      {},
      { 'people.csv': csv(head, '1,Ann,Roma', '3,Cy,Linz', '9,Eva,Ulm'), 'notes.txt': 'B\n' },
    )
    expect(await clash.repo.merge('theirs')).toMatchObject({
      conflictCount: 3,
      reused: [{ kind: 'row', key: [2] }],
    })
    expect((await clash.conflicts()).map(({ kind }) => kind)).toEqual(['file', 'cell', 'key-collision'])
  })

  test('what is opened again is forgotten, the rest is not', async () => {
    const clash = await clashing()
    await clash.repo.merge('theirs')
    await resolveAll(clash)
    await clash.repo.reopenConflicts({ path: 'people.csv', key: ['1'] })
    await clash.repo.mergeAbort()
    expect(await clash.repo.merge('theirs')).toMatchObject({ conflictCount: 1, reused: { length: 3 } })
    await clash.repo.mergeAbort()
    expect(await clash.repo.forgetResolutions('people.csv')).toBe(2)
    expect(await clash.repo.merge('theirs')).toMatchObject({
      conflictCount: 3,
      reused: [{ path: 'notes.txt' }],
    })
    await clash.repo.mergeAbort()
    expect(await clash.repo.forgetResolutions()).toBe(1)
    expect(await clash.repo.forgetResolutions()).toBe(0)
    expect(await clash.repo.merge('theirs')).toMatchObject({ conflictCount: 4, reused: [] })
  })

  test('rerere.enabled turns it off, rerere.autoCommit commits without stopping', async () => {
    const clash = await clashing()
    await expect(clash.repo.setConfig('rerere.enabled', 'no')).rejects.toMatchObject({ code: 'VARVE_USAGE' })
    await clash.repo.setConfig('rerere.enabled', 'false')
    await clash.repo.merge('theirs')
    await resolveAll(clash)
    await clash.repo.mergeAbort()
    await clash.repo.setConfig('rerere.enabled', null)
    expect(await clash.repo.merge('theirs')).toMatchObject({ conflictCount: 4, reused: [] })
    await resolveAll(clash)
    await clash.repo.mergeAbort()
    await clash.repo.setConfig('rerere.enabled', 'false')
    expect(await clash.repo.merge('theirs')).toMatchObject({ conflictCount: 4, reused: [] })
    await clash.repo.mergeAbort()
    await clash.repo.setConfig('rerere.enabled', 'true')
    await clash.repo.setConfig('rerere.autoCommit', 'true')
    expect(await clash.repo.merge('theirs')).toMatchObject({
      outcome: 'merged',
      conflictCount: 0,
      reused: { length: 4 },
    })
    expect(clash.read('people.csv')).toBe(settled)
  })

  test('undo takes the memory of a resolution back with it', async () => {
    const clash = await clashing()
    await clash.repo.merge('theirs')
    await clash.repo.resolve('people.csv', { key: ['1'], take: 'ours' })
    await clash.repo.undo()
    expect((await clash.conflicts()).length).toBe(4)
    await clash.repo.mergeAbort()
    expect(await clash.repo.merge('theirs')).toMatchObject({ conflictCount: 4, reused: [] })
  })

  test('what is remembered survives gc, large cells too', async () => {
    const long = 'x'.repeat(3000)
    const of = (city: string): string => csv(head, `1,Ann,${long}${city}`)
    const clash = await Clash.of(
      { 'people.csv': ['id'] },
      { base: { 'people.csv': of('a') }, ours: { 'people.csv': of('b') }, theirs: { 'people.csv': of('c') } },
    )
    await clash.repo.merge('theirs')
    await clash.repo.resolve(null, { id: '1', take: { value: `${long}d` } })
    await clash.repo.mergeAbort()
    await clash.repo.gc({ graceMs: 0, manifestsKeptMax: 1 })
    expect(await clash.repo.merge('theirs')).toMatchObject({ conflictCount: 0, reused: { length: 1 } })
    expect(clash.read('people.csv')).toBe(of('d'))
    expect((await clash.repo.fsck()).problems).toEqual([])
  })

  test('cherry-pick and revert reuse resolutions as merges do', async () => {
    const clash = await clashing()
    await clash.repo.cherryPick('theirs')
    await resolveAll(clash)
    await clash.repo.mergeAbort()
    expect(await clash.repo.cherryPick('theirs')).toMatchObject({
      outcome: 'conflict',
      reused: { length: 4 },
    })
    expect((await clash.repo.mergeContinue()).parents.length).toBe(1)
    expect(clash.read('people.csv')).toBe(settled)
  })

  test('the oldest are dropped when there are too many', async () => {
    const rows = rememberedMax / 10
    const table = (name: string): string =>
      csv(
        'id,a,b,c,d,e,f,g,h,i,j',
        ...Array.from({ length: rows }, (_, i) => `${i}${`,${name}${i}`.repeat(10)}`),
      )
    const small = (text: string): string => csv('id,a', `1,${text}`)
    const clash = await Clash.of(
      { 'big.csv': ['id'], 'small.csv': ['id'] },
      {
        base: { 'big.csv': table('x'), 'small.csv': small('x') },
        ours: { 'big.csv': table('o'), 'small.csv': small('o') },
        theirs: { 'big.csv': table('t'), 'small.csv': small('t') },
      },
    )
    expect((await clash.repo.merge('theirs')).conflictCount).toBe(rememberedMax + 1)
    await clash.repo.resolve('small.csv', { take: 'theirs' })
    await clash.repo.resolve('big.csv', { take: 'theirs' })
    await clash.repo.mergeAbort()
    const { conflictCount, reused } = await clash.repo.merge('theirs')
    expect([conflictCount, reused.length]).toEqual([1, rememberedMax])
    expect((await clash.conflicts()).map(({ path }) => path)).toEqual(['small.csv'])
  }, 60_000)
})
