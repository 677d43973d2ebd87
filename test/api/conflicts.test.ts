import { describe, expect, test } from 'vitest'
import { Clash, csv } from './merging.ts'

const head = 'id,name,city'

/** Five conflicts: two cells of row 1, a cell of row 2, row 3 deleted here, row 9 added on both sides. */
function people(): Promise<Clash> {
  return Clash.of(
    { 'people.csv': ['id'] },
    {
      base: { 'people.csv': csv(head, '1,Ann,Wien', '2,Bob,Graz', '3,Cy,Linz', '4,Dan,Bern') },
      ours: { 'people.csv': csv(head, '1,Anna,Rom', '2,Bob,Oslo', '4,Dan,Bern', '9,Eve,Ulm') },
      theirs: {
        'people.csv': csv(head, '1,Anne,Paris', '2,Bob,Riga', '3,Cy,Nice', '4,Dan,Bern', '9,Flo,Gent'),
      },
    },
  )
}

async function merging(): Promise<Clash> {
  const clash = await people()
  expect((await clash.repo.merge('theirs')).conflictCount).toBe(5)
  return clash
}

describe('conflicts', () => {
  test('are filtered by path, folder, row, column, kind and number', async () => {
    const clash = await merging()
    const ids = async (options: Parameters<Clash['conflicts']>[0]): Promise<string> =>
      (await clash.conflicts(options)).map(({ id }) => id).join()
    expect(await ids({})).toBe('1,2,3,4,5')
    expect(await ids({ path: 'people.csv' })).toBe('1,2,3,4,5')
    expect(await ids({ path: '' })).toBe('1,2,3,4,5')
    expect(await ids({ path: '.' })).toBe('1,2,3,4,5')
    expect(await ids({ path: 'people' })).toBe('1,2,3,4,5')
    expect(await ids({ path: 'peo' })).toBe('')
    expect(await ids({ key: ['1'] })).toBe('1,2')
    expect(await ids({ key: ['1'], column: 'city' })).toBe('2')
    expect(await ids({ column: 'city' })).toBe('2,3')
    expect(await ids({ kinds: ['row', 'key-collision'] })).toBe('4,5')
    expect(await ids({ id: '4' })).toBe('4')
    expect(await ids({ key: ['1', '2'] })).toBe('')
    await expect(clash.conflicts({ path: 'people.csv', key: ['1', '2'] })).rejects.toMatchObject({
      code: 'VARVE_USAGE',
    })
  })

  test('a row given as JSON keeps what the sides agree on, and is refused where they do not', async () => {
    const clash = await merging()
    const take = (value: string): Promise<unknown> =>
      clash.repo.resolve('people.csv', { key: ['9'], take: { value } })
    await expect(take('{"name":"Gil"}')).rejects.toThrow("the sides differ in column 'city'")
    await expect(take('{"name":"Gil","city":null,"age":1}')).rejects.toThrow("no column 'age'")
    await expect(take('{"id":8,"name":"Gil","city":null}')).rejects.toThrow('another key')
    await expect(take('{"name":"Gil","name":"Gil"}')).rejects.toThrow('twice')
    await expect(take('["Gil"]')).rejects.toThrow('JSON object')
    expect((await clash.conflicts()).length).toBe(5)
    await take('{"id":9,"name":"Gil","city":null}')
    await clash.repo.resolve('people.csv', { key: ['3'], take: { value: '{"city":"Lyon"}' } })
    expect(clash.read('people.csv')).toBe(
      csv(head, '1,Anna,Rom', '2,Bob,Oslo', '3,Cy,Lyon', '4,Dan,Bern', '9,Gil,'),
    )
  })

  test('a value without a column is no answer to conflicts of cells', async () => {
    const clash = await merging()
    await expect(
      clash.repo.resolve('people.csv', { key: ['1'], take: { value: '{"name":"A"}' } }),
    ).rejects.toThrow('a value without a column is a whole row')
  })

  test('what one side deleted is deleted or kept, whichever side it was', async () => {
    const sides = {
      base: { 'a.txt': 'a\n', 't.csv': csv(head, '1,Ann,Wien', '2,Bob,Graz') },
      ours: { 't.csv': csv(head, '2,Bobby,Graz') },
      theirs: { 'a.txt': 'b\n', 't.csv': csv(head, '1,Ann,Rom') },
    }
    for (const take of ['delete', 'keep'] as const) {
      const clash = await Clash.of({ 't.csv': ['id'] }, sides)
      await clash.repo.merge('theirs')
      expect(await clash.repo.resolve(null, { take })).toEqual({ resolved: 3, left: 0 })
      const kept = csv(head, '1,Ann,Rom', '2,Bobby,Graz')
      expect(clash.read('t.csv')).toBe(take === 'keep' ? kept : csv(head))
      if (take === 'keep') expect(clash.read('a.txt')).toBe('b\n')
      else expect(() => clash.read('a.txt')).toThrow('ENOENT')
    }
    const clash = await merging()
    await expect(clash.repo.resolve('people.csv', { key: ['9'], take: 'keep' })).rejects.toThrow(
      'both sides have it',
    )
    await expect(clash.repo.resolve('people.csv', { key: ['2'], take: 'delete' })).rejects.toThrow(
      'for rows and files',
    )
  })

  test('a folder is resolved whole, and a refusal changes nothing', async () => {
    const clash = await Clash.of(
      {},
      {
        base: { 'd/a': '1\n', 'd/b': '1\n', c: '1\n' },
        ours: { 'd/a': '2\n', 'd/b': '2\n', c: '2\n' },
        theirs: { 'd/a': '3\n', 'd/b': '3\n', c: '3\n' },
      },
    )
    await clash.repo.merge('theirs')
    await expect(clash.repo.resolve('d', { take: { value: 'x' }, id: '2' })).rejects.toThrow(
      'a cell or a row',
    )
    expect(await clash.repo.resolve('d', { take: 'theirs' })).toEqual({ resolved: 2, left: 1 })
    expect([clash.read('d/a'), clash.read('d/b'), clash.read('c')]).toEqual(['3\n', '3\n', '2\n'])
  })

  test('resolved conflicts are listed with what was chosen, and can be opened again', async () => {
    const clash = await merging()
    const before = clash.read('people.csv')
    await clash.repo.resolve('people.csv', { key: ['1'], take: 'theirs' })
    await clash.repo.resolve('people.csv', { id: '3', take: { value: 'Kyiv' } })
    await clash.repo.resolve('people.csv', { key: ['3'], take: 'keep' })
    await clash.repo.resolve('people.csv', { key: ['9'], take: 'base' })
    expect(await clash.conflicts({ resolved: true })).toMatchObject([
      { id: '1', column: 'name', resolution: { how: 'given', side: 'theirs', value: 'Anne' } },
      { id: '2', column: 'city', resolution: { how: 'given', side: 'theirs', value: 'Paris' } },
      { id: '3', column: 'city', base: 'Graz', resolution: { how: 'given', side: null, value: 'Kyiv' } },
      { id: '4', kind: 'row', resolution: { side: 'theirs', value: { city: 'Nice' } } },
      { id: '5', kind: 'key-collision', resolution: { side: 'base', value: null } },
    ])
    expect(await clash.repo.reopenConflicts({ path: 'people.csv', key: ['1'] })).toEqual({
      reopened: 2,
      left: 2,
    })
    expect((await clash.conflicts()).map(({ id }) => id)).toEqual(['1', '2'])
    expect(await clash.repo.reopenConflicts()).toEqual({ reopened: 3, left: 5 })
    expect(clash.read('people.csv')).toBe(before)
    expect(await clash.conflicts({ resolved: true })).toEqual([])
    await expect(clash.repo.reopenConflicts()).rejects.toMatchObject({ code: 'VARVE_PATH_NOT_FOUND' })
  })

  test('an added file settles its conflicts as it is then', async () => {
    const clash = await merging()
    clash.write({ 'people.csv': csv(head, '1,Anne,Turin', '2,Bob,Oslo', '4,Dan,Bern', '9,Hal,Ulm') })
    await clash.repo.add(['people.csv'])
    expect((await clash.conflicts({ resolved: true })).map(({ resolution }) => resolution)).toMatchObject([
      { how: 'file', side: 'theirs', value: 'Anne' },
      { how: 'file', side: null, value: 'Turin' },
      { how: 'file', side: 'ours', value: 'Oslo' },
      { how: 'file', side: 'ours', value: null },
      { how: 'file', side: null, value: { name: 'Hal', city: 'Ulm' } },
    ])
  })
})

describe('a sheet of conflicts', () => {
  const filled = (lines: readonly string[], ...resolutions: string[]): string =>
    lines.map((line, i) => (i === 0 ? line : line + (resolutions[i - 1] ?? ''))).join('\n')

  test('has a line a conflict', async () => {
    expect(await (await merging()).sheet()).toEqual([
      'id,path,key,column,base,ours,theirs,resolution',
      '1,people.csv,1,name,Ann,Anna,Anne,',
      '2,people.csv,1,city,Wien,Rom,Paris,',
      '3,people.csv,2,city,Graz,Oslo,Riga,',
      '4,people.csv,3,,"{""id"":3,""name"":""Cy"",""city"":""Linz""}",,"{""id"":3,""name"":""Cy"",""city"":""Nice""}",',
      '5,people.csv,9,,,"{""id"":9,""name"":""Eve"",""city"":""Ulm""}","{""id"":9,""name"":""Flo"",""city"":""Gent""}",',
    ])
  })

  test('settles what is filled in: sides, values, texts that look like sides, nothing', async () => {
    const clash = await merging()
    const sheet = filled(
      await clash.sheet(),
      'theirs',
      '=ours',
      '',
      'keep',
      '"{""name"":""Gil"",""city"":""Gent""}"',
    )
    expect(await clash.repo.resolveSheet(sheet)).toEqual({ resolved: 4, left: 1 })
    expect(clash.read('people.csv')).toBe(
      csv(head, '1,Anne,ours', '2,Bob,Oslo', '3,Cy,Nice', '4,Dan,Bern', '9,Gil,Gent'),
    )
    const [top, left] = await clash.sheet()
    expect(await clash.repo.resolveSheet(`${top}\n${left}=\n`)).toEqual({ resolved: 1, left: 0 })
    expect(clash.read('people.csv')).toContain('\n2,Bob,\n')
  })

  test('may come back from a spreadsheet: sorted, with semicolons that its first line names, CRLF, a mark, more columns and empty lines', async () => {
    const clash = await merging()
    const sheet = [
      '\ufeffsep=;',
      'note;resolution;id;path;key;column;base;ours;theirs',
      ';theirs;3;people.csv;2;city;Graz;Oslo;Riga',
      ';;;;;;;;',
      '"a ""note""";==x;2;people.csv;1;city;Wien;Rom;Paris',
    ].join('\r\n')
    expect(await clash.repo.resolveSheet(sheet)).toEqual({ resolved: 2, left: 3 })
    expect(clash.read('people.csv')).toContain('1,Anna,=x\n2,Bob,Riga\n')
  })

  test.each([
    [
      'an unknown id',
      (lines: string[]) => [...lines, '7,people.csv,1,name,a,b,c,ours'],
      'line 7 of the sheet: there is no open conflict 7',
    ],
    [
      'another side',
      (lines: string[]) => lines.map((line) => line.replace('Riga', 'Rigas')),
      "line 4 of the sheet: conflict 3 has another 'theirs' now",
    ],
    [
      'another key',
      (lines: string[]) => lines.map((line) => line.replace('csv,2', 'csv,3')),
      "line 4 of the sheet: conflict 3 has another 'key' now",
    ],
    [
      'an id twice',
      (lines: string[]) => [...lines, lines[1]!],
      'line 7 of the sheet: conflict 1 is already in line 2',
    ],
    [
      'a word that is nearly one',
      (lines: string[]) => lines.map((line, i) => (i === 2 ? `${line}Theirs` : line)),
      "line 3 of the sheet: 'Theirs' is not a resolution",
    ],
    [
      'a side that the kind has not',
      (lines: string[]) => lines.map((line, i) => (i === 2 ? `${line}delete` : line)),
      "line 3 of the sheet: 'delete' is for rows and files",
    ],
    [
      'a row that is no object',
      (lines: string[]) => lines.map((line, i) => (i === 5 ? `${line}Gil` : line)),
      'line 6 of the sheet: a row is given as a JSON object',
    ],
    [
      'too few cells',
      (lines: string[]) => [...lines, '1,people.csv'],
      'line 7 of the sheet: the line has 2 cells',
    ],
    [
      'no number',
      (lines: string[]) => [...lines, 'x,,,,,,,'],
      "line 7 of the sheet: 'x' is not the id of a conflict",
    ],
    [
      'an open quote',
      (lines: string[]) => [...lines, '1,"people.csv'],
      'line 7 of the sheet: the line cannot be read',
    ],
    [
      'no header',
      (lines: string[]) => lines.slice(1),
      'line 1 of the sheet: the header does not name the columns',
    ],
    [
      'half a header',
      () => ['id,resolution', '1,ours'],
      "line 1 of the sheet: the header does not name the column 'path' once",
    ],
    ['nothing', () => [], 'line 1 of the sheet: the header does not name the columns'],
  ])('with %s is refused, and nothing is changed', async (_, spoil, message) => {
    const clash = await merging()
    const lines = filled(await clash.sheet(), 'theirs').split('\n')
    const before = clash.read('people.csv')
    await expect(clash.repo.resolveSheet(spoil(lines).join('\n'))).rejects.toThrow(message)
    expect((await clash.conflicts()).length).toBe(5)
    expect(clash.read('people.csv')).toBe(before)
  })

  test('that is not UTF-8, or of a merge before, is refused', async () => {
    const clash = await merging()
    const sheet = (await clash.sheet()).join('\n')
    const latin = Buffer.from(sheet.replace('Paris', 'Pär'), 'latin1')
    await expect(clash.repo.resolveSheet(latin)).rejects.toThrow('line 3 of the sheet: the line is not UTF-8')
    await clash.repo.resolve(null, { take: 'ours' })
    await expect(clash.repo.resolveSheet(sheet)).rejects.toThrow('all conflicts are resolved')
  })
})

test('a file that each side renamed takes the name of the side that is taken, and goes back when it is opened again', async () => {
  const clash = await Clash.of(
    {},
    {
      base: { 'a.txt': 'long enough\n' },
      ours: { 'b.txt': 'long enough\n' },
      theirs: { 'c.txt': 'long enough\n' },
    },
  )
  expect((await clash.repo.merge('theirs')).conflictCount).toBe(1)
  await clash.repo.resolve(null, { take: 'theirs' })
  expect(clash.read('c.txt')).toBe('long enough\n')
  expect(await clash.conflicts({ resolved: true })).toMatchObject([{ resolution: { side: 'theirs' } }])
  await clash.repo.reopenConflicts()
  expect(clash.read('b.txt')).toBe('long enough\n')
  expect(() => clash.read('c.txt')).toThrow('ENOENT')
})

describe('edits that nobody committed', () => {
  const text = (middle: string): string => csv('one', middle, 'three')
  const clashing = (): Promise<Clash> =>
    Clash.of(
      { 'people.csv': ['id'] },
      {
        base: { 'people.csv': csv(head, '1,Ann,Wien'), 'n.txt': text('two') },
        ours: { 'people.csv': csv(head, '1,Ann,Rom'), 'n.txt': text('deux') },
        theirs: { 'people.csv': csv(head, '1,Ann,Oslo'), 'n.txt': text('zwei') },
      },
    )

  test('in a file that would be in conflict keep a merge from beginning', async () => {
    const clash = await clashing()
    const edited = { 'people.csv': csv(head, '1,Ann,Rom', '2,Bob,Graz'), 'n.txt': `${text('deux')}four\n` }
    for (const [name, content] of Object.entries(edited)) {
      const before = clash.read(name)
      clash.write({ [name]: content })
      await expect(clash.repo.merge('theirs')).rejects.toMatchObject({
        code: 'VARVE_UNCOMMITTED',
        data: { paths: [name] },
      })
      await expect(clash.repo.rebase('theirs')).rejects.toMatchObject({ code: 'VARVE_UNCOMMITTED' })
      expect(clash.read(name)).toBe(content)
      clash.write({ [name]: before })
    }
    expect((await clash.repo.merge('theirs')).conflictCount).toBe(2)
  })

  test('made since then are not lost to a resolution, which says how to go on', async () => {
    const clash = await clashing()
    await clash.repo.merge('theirs')
    clash.write({ 'n.txt': text('both') })
    await expect(clash.repo.resolve('n.txt', { take: 'theirs' })).rejects.toMatchObject({
      code: 'VARVE_UNCOMMITTED',
      hint: expect.stringContaining("'varve add PATH' takes the file as it is now"),
    })
    expect(clash.read('n.txt')).toBe(text('both'))
    expect(await clash.repo.add(['n.txt'])).toMatchObject({ settled: { resolved: 1, left: 1 } })
    expect(await clash.repo.add(['n.txt'])).not.toHaveProperty('settled')
    await clash.repo.resolve('people.csv', { take: 'theirs' })
    await clash.repo.commit({ message: 'both' })
    expect(clash.read('n.txt')).toBe(text('both'))
  })

  test('stay as they are where a commit of all is refused for conflicts that are left', async () => {
    const clash = await clashing()
    await clash.repo.merge('theirs')
    clash.write({ 'n.txt': text('both') })
    await expect(clash.repo.commit({ message: 'x', all: true })).rejects.toMatchObject({
      code: 'VARVE_MERGE_CONFLICT',
    })
    const { unstaged } = await clash.repo.status()
    expect(unstaged.map(({ path }) => path)).toEqual(['n.txt'])
  })
})

test('a merge says that policies do not decide in a CSV that nobody declared', async () => {
  const sides = {
    base: { 'people.csv': csv(head, '1,Ann,Wien') },
    ours: { 'people.csv': csv(head, '1,Ann,Rom') },
    theirs: { 'people.csv': csv(head, '1,Ann,Oslo') },
  }
  const notes = async (config: string): Promise<unknown> => {
    const { repo } = await Clash.of({}, sides, config)
    return (await repo.merge('theirs')).paths.map(({ path, notes: told }) => [path, told])
  }
  const note = 'merge policies decide in tables that are declared, and this file is none'
  expect(await notes('merge: {default: theirs}\n')).toEqual([['people.csv', [note]]])
  expect(await notes('')).toEqual([['people.csv', undefined]])
})
