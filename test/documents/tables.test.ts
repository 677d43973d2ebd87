// Delimited files merged without any setup: every claim on three small files that a reader can compare by eye.
import { describe, expect, test } from 'vitest'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import type { DocumentConflict, MergedDocument } from '../../src/documents/interface.ts'
import { markedDocument, mergeDocument } from '../../src/documents/merge-document.ts'

function merge(base: string | null, ours: string, theirs: string, name = 'table.csv'): MergedDocument {
  const sides = { base: base === null ? null : utf8(base), ours: utf8(ours), theirs: utf8(theirs) }
  const merged = mergeDocument(sides, { name })
  if (merged.kind === 'unfit') throw new Error(`unfit: ${merged.reason}`)
  return merged
}

/** The text of a merge that must be clean. */
function clean(base: string | null, ours: string, theirs: string, name?: string): string {
  const merged = merge(base, ours, theirs, name)
  expect(merged.conflicts).toEqual([])
  return utf8Text(merged.render())
}

function kinds(conflicts: readonly DocumentConflict[]): string[] {
  return conflicts.map(({ kind, where, column }) =>
    column === null ? `${kind} ${where}` : `${kind} ${where} ${column}`,
  )
}

const base = 'id,name,city\n1,Ada,London\n2,Lise,Wien\n3,Emmy,Erlangen\n'

describe('rows and cells', () => {
  test('different cells of one row merge', () => {
    const ours = base.replace('Lise', 'Lise Meitner')
    expect(clean(base, ours, base.replace('Wien', 'Berlin'))).toBe(
      'id,name,city\n1,Ada,London\n2,Lise Meitner,Berlin\n3,Emmy,Erlangen\n',
    )
  })

  test('one row added to each of two tables in one file is two rows', () => {
    const two = (first: string, second: string): string => `a,b\n1,2\n3,4\n${first}\nc,d\n5,6\n7,8\n${second}`
    const added = '9,9\n'
    expect(clean(two('', ''), two(added, ''), two('', added))).toBe(two(added, added))
    expect(merge(two('', ''), two(added, ''), two('', added)).basis).toBe(
      'rows in order: blank lines part them, as several tables in one file',
    )
    const apart = (text: string): string => text.replace('\n\n', '\n\n\n')
    const sides = [two('', ''), two(added, ''), two('', added)].map(apart) as [string, string, string]
    expect(clean(...sides)).toBe(apart(two(added, added)))
  })

  test('neighbouring rows changed on either side merge, where git sees one conflict', () => {
    expect(clean(base, base.replace('Ada', 'Ada L.'), base.replace('Lise', 'Lise M.'))).toBe(
      'id,name,city\n1,Ada L.,London\n2,Lise M.,Wien\n3,Emmy,Erlangen\n',
    )
  })

  test('one cell changed to two values is a conflict of that cell, with ours in the file', () => {
    const merged = merge(base, base.replace('Wien', 'Berlin'), base.replace('Wien', 'Vienna'))
    expect(merged.basis).toBe("rows by 'id'")
    expect(merged.conflicts).toEqual([
      { kind: 'cell', where: 'id=2', column: 'city', base: 'Wien', ours: 'Berlin', theirs: 'Vienna' },
    ])
    expect(utf8Text(merged.render())).toBe(base.replace('Wien', 'Berlin'))
    expect(utf8Text(merged.render(() => 'theirs'))).toBe(base.replace('Wien', 'Vienna'))
    expect(utf8Text(merged.render(() => ({ value: 'Wien, Berlin' })))).toBe(
      base.replace('Wien', '"Wien, Berlin"'),
    )
  })

  test('a conflict stands between markers with all three sides, the rest is merged', () => {
    const ours = base.replace('Wien', 'Berlin').replace('Ada', 'Ada L.')
    const merged = merge(base, ours, base.replace('Wien', 'Vienna').replace('Emmy', 'Emmy N.'))
    const labels = { base: 'base', ours: 'ours', theirs: 'theirs' }
    expect(utf8Text(markedDocument(merged, labels)!)).toBe(
      'id,name,city\n1,Ada L.,London\n<<<<<<< ours\n2,Lise,Berlin\n||||||| base\n2,Lise,Wien\n=======\n' +
        '2,Lise,Vienna\n>>>>>>> theirs\n3,Emmy N.,Erlangen\n',
    )
  })

  test('a conflict of rows that stand apart is marked at each place', () => {
    const rows = 'id,code\n1,a\n2,b\n3,c\n'
    const ours = rows.replace('1,a', '0,new\n1,a')
    const merged = merge(rows, ours, `${rows}4,new\n`)
    expect(kinds(merged.conflicts)).toEqual(['key-collision code=new'])
    expect(utf8Text(markedDocument(merged, { base: 'base', ours: 'ours', theirs: 'theirs' })!)).toBe(
      'id,code\n<<<<<<< ours\n0,new\n||||||| base\n=======\n>>>>>>> theirs\n1,a\n2,b\n3,c\n' +
        '<<<<<<< ours\n||||||| base\n=======\n4,new\n>>>>>>> theirs\n',
    )
  })

  test('a row removed on one side and changed on the other is a conflict; unchanged, it goes', () => {
    const without = base.replace('2,Lise,Wien\n', '')
    expect(kinds(merge(base, without, base.replace('Wien', 'Berlin')).conflicts)).toEqual(['row id=2'])
    expect(clean(base, without, base.replace('Ada', 'Ada L.'))).toBe(
      'id,name,city\n1,Ada L.,London\n3,Emmy,Erlangen\n',
    )
  })

  test('rows appended on both sides are both there, in order of the key', () => {
    expect(clean(base, `${base}5,Maria,Jena\n`, `${base}4,Sofja,Moskau\n`)).toBe(
      `${base}4,Sofja,Moskau\n5,Maria,Jena\n`,
    )
  })

  test('where nothing is sorted, ours come first', () => {
    const mixed = 'name,city\nLise,Wien\nAda,London\nEmmy,Erlangen\nSofja,Moskau\n'
    expect(clean(mixed, `${mixed}Maria,Jena\n`, `${mixed}Hypatia,Alexandria\n`)).toBe(
      `${mixed}Maria,Jena\nHypatia,Alexandria\n`,
    )
  })

  test('both adding different rows under one new id is a key collision, also where lines merge cleanly', () => {
    const ours = `${base}4,Sofja,Moskau\n`
    const theirs = base.replace('1,Ada', '4,Maria,Jena\n1,Ada')
    const merged = merge(base, ours, theirs)
    expect(kinds(merged.conflicts)).toEqual(['key-collision id=4'])
    expect(clean(base, ours, ours.replace('Ada', 'Ada L.'))).toContain('4,Sofja,Moskau\n')
  })

  test('a name that is unique does not hide that two rows get one id', () => {
    const prose = 'method_id,language_id,name\n1,9,walk\n2,9,surf\n'
    const merged = merge(prose, `${prose}3,9,dive\n`, `${prose}3,9,fly\n`)
    expect(kinds(merged.conflicts)).toEqual(['key-collision method_id=3'])
  })

  test('a key that both sides edited is one conflict, and no row is lost or doubled', () => {
    const merged = merge(base, base.replace('2,Lise', '7,Lise'), base.replace('2,Lise', '8,Lise'))
    expect(kinds(merged.conflicts)).toEqual(['cell id=7 id'])
    expect(utf8Text(merged.render(() => 'theirs'))).toBe(base.replace('2,Lise', '8,Lise'))
  })

  test('a key edited on one side meets an edit on the other', () => {
    expect(clean(base, base.replace('2,Lise', '7,Lise'), base.replace('Wien', 'Berlin'))).toBe(
      'id,name,city\n1,Ada,London\n7,Lise,Berlin\n3,Emmy,Erlangen\n',
    )
  })

  test('a part of a key edited on one side keeps what the other side put into a new column', () => {
    const prices = 'symbol,day,price\nA,1,5\nA,2,7\nB,1,5\nB,2,9\n'
    const columned = 'symbol,note,day,price\nA,x,1,5\nA,y,2,7\nB,z,1,5\nB,x,2,9\n'
    const edited = prices.replace('B,1,5', 'B,1a,5')
    expect(clean(prices, columned, edited)).toBe(columned.replace('B,z,1,5', 'B,z,1a,5'))
    expect(clean(prices, edited, columned)).toBe(columned.replace('B,z,1,5', 'B,z,1a,5'))
    const both = merge(prices, prices.replace('B,1,5', 'B,1,6'), edited)
    expect(kinds(both.conflicts)).toEqual(['row symbol=B, day=1'])
  })

  test('duplicate keys on one side: another way to tell rows apart, or a conflict, never a lost row', () => {
    const theirs = `${base}2,Lise,Graz\n`
    const text = clean(base, base.replace('Ada', 'Ada L.'), theirs)
    expect(text).toBe(`${base.replace('Ada', 'Ada L.')}2,Lise,Graz\n`)
  })

  test('a base that has rows twice which both sides put right does not bring them back', () => {
    const twice = `${base}${base.slice(base.indexOf('1,'))}`
    const merged = merge(twice, base.replace('Wien', 'Berlin'), base.replace('Wien', 'Vienna'))
    expect(utf8Text(merged.render()).match(/^2,/gm)).toHaveLength(1)
  })
})

describe('without a key', () => {
  const log = 'day,what\nmon,run\nmon,swim\ntue,run\nmon,run\n'

  test('rows are aligned in order, equal ones included', () => {
    const merged = merge(log, `${log}wed,run\n`, log.replace('tue,run', 'tue,rest'))
    expect(merged.basis).toBe('rows in order: no columns tell them apart')
    expect(utf8Text(merged.render())).toBe('day,what\nmon,run\nmon,swim\ntue,rest\nmon,run\nwed,run\n')
  })

  test('both appending is no conflict: ours first', () => {
    expect(clean(log, `${log}wed,run\nmon,run\n`, `${log}thu,swim\n`)).toBe(
      `${log}wed,run\nmon,run\nthu,swim\n`,
    )
  })

  test('the same row appended on both sides is there once', () => {
    expect(clean(log, `${log}wed,run\n`, `${log}wed,run\nthu,run\n`)).toBe(`${log}wed,run\nthu,run\n`)
  })
})

describe('rows in whose place each side has another', () => {
  // No column but all of them together tells these rows apart.
  const pairs = 'from,kind,to\n1,is,2\n1,is,3\n1,has,2\n2,is,3\n'

  test('that share most of their cells with it are one row, its neighbours edited or not', () => {
    expect(clean(pairs, pairs.replace('1,has,2', '1,has,7'), pairs.replace('1,has,2', '1,was,2'))).toBe(
      pairs.replace('1,has,2', '1,was,7'),
    )
    const two = pairs.replace('1,is,3', '1,are,3').replace('1,has,2', '1,was,2')
    expect(clean(pairs, pairs.replace('1,has,2', '1,has,7'), two)).toBe(two.replace('1,was,2', '1,was,7'))
  })

  test('that share less are a conflict, where either shares anything', () => {
    const rows = 'word,code\nred,1\nred,2\nblue,1\ngreen,5\n'
    const [ours, theirs] = [rows.replace('blue,1', 'azure,1'), rows.replace('blue,1', 'blue,9')]
    const merged = merge(rows, ours, theirs)
    expect(merged.conflicts).toEqual([
      {
        kind: 'row',
        where: 'word=azure, code=1',
        column: null,
        base: 'blue,1',
        ours: 'azure,1',
        theirs: 'blue,9',
      },
    ])
    const all = (['base', 'ours', 'theirs'] as const).map((side) => utf8Text(merged.render(() => side)))
    expect(all).toEqual([rows, ours, theirs])
    expect(clean(rows, rows.replace('blue,1', 'teal,7'), rows.replace('blue,1', 'azure,8'))).toBe(
      rows.replace('blue,1', 'teal,7\nazure,8'),
    )
  })
})

test('of two rows of the base with one key each side removes another: neither is left', () => {
  const rows = `id,kind,x\n${Array.from({ length: 30 }, (_, i) => `${i},${i % 3},v\n`).join('')}`
  const doubled = rows.replace('\n9,0,v\n', '\n9,0,v\n9,5,v\n')
  expect(clean(doubled, rows, doubled.replace('9,0,v\n', ''))).toBe(rows.replace('9,0,v\n', ''))
})

describe('columns', () => {
  test('a column renamed on one side while rows are added on the other', () => {
    expect(clean(base, base.replace('city', 'town'), `${base}4,Sofja,Moskau\n`)).toBe(
      'id,name,town\n1,Ada,London\n2,Lise,Wien\n3,Emmy,Erlangen\n4,Sofja,Moskau\n',
    )
  })

  test('a column added on one side, cells edited and rows added on the other', () => {
    const ours = 'id,name,born,city\n1,Ada,1815,London\n2,Lise,1878,Wien\n3,Emmy,1882,Erlangen\n'
    expect(clean(base, ours, `${base.replace('Wien', 'Berlin')}4,Sofja,Moskau\n`)).toBe(
      'id,name,born,city\n1,Ada,1815,London\n2,Lise,1878,Berlin\n3,Emmy,1882,Erlangen\n4,Sofja,,Moskau\n',
    )
  })

  test('a row that one side removed goes with what the other filled into a new column, unless it may have become another', () => {
    const theirs = 'id,name,city,born\n1,Ada,London,1815\n2,Lise,Wien,\n3,Emmy,Erlangen,1882\n'
    expect(clean(base, base.replace('3,Emmy,Erlangen\n', ''), theirs)).toBe(
      theirs.replace('3,Emmy,Erlangen,1882\n', ''),
    )
    const ours = base.replace('3,Emmy,Erlangen', '4,Emmy,Göttingen')
    const merged = merge(base, ours, theirs)
    expect(kinds(merged.conflicts)).toEqual(['row id=3'])
    expect(utf8Text(merged.render())).toBe(
      'id,name,city,born\n1,Ada,London,1815\n2,Lise,Wien,\n4,Emmy,Göttingen,\n',
    )
    const untouched = theirs.replace('1882', '')
    expect(clean(base, ours, untouched)).toBe(untouched.replace('3,Emmy,Erlangen', '4,Emmy,Göttingen'))
  })

  test('a row without a key that was moved keeps what the other side filled in beside it, as a conflict', () => {
    const rows = 'a,b\nx,1\nx,1\ny,2\nz,3\nw,4\n'
    const moved = 'a,b\nx,1\nx,1\nz,3\nw,4\ny,2\n'
    const merged = merge(rows, moved, 'a,b,c\nx,1,p\nx,1,q\ny,2,r\nz,3,s\nw,4,t\n')
    expect(merged.conflicts.map(({ theirs }) => theirs)).toEqual(['y,2,r'])
  })

  test('columns added on both sides', () => {
    const ours = 'id,name,city,born\n1,Ada,London,1815\n2,Lise,Wien,1878\n3,Emmy,Erlangen,1882\n'
    const theirs = 'id,name,city,died\n1,Ada,London,1852\n2,Lise,Wien,1968\n3,Emmy,Erlangen,1935\n'
    expect(clean(base, ours, theirs)).toBe(
      'id,name,city,born,died\n1,Ada,London,1815,1852\n2,Lise,Wien,1878,1968\n3,Emmy,Erlangen,1882,1935\n',
    )
  })

  test('a column removed on one side goes, unless the other edited it', () => {
    const without = 'id,name\n1,Ada\n2,Lise\n3,Emmy\n'
    expect(clean(base, without, base.replace('Ada', 'Ada L.'))).toBe('id,name\n1,Ada L.\n2,Lise\n3,Emmy\n')
    const edited = `${base.replace('Wien', 'Berlin').replace('Ada', 'Ada L.')}4,Sofja,Moskau\n`
    const merged = merge(base, without, edited)
    expect(kinds(merged.conflicts)).toEqual(["schema column 'city'"])
    expect(utf8Text(merged.render())).toBe('id,name\n1,Ada L.\n2,Lise\n3,Emmy\n4,Sofja\n')
    expect(utf8Text(merged.render(() => 'theirs'))).toBe(edited)
    expect(utf8Text(merge(base, edited, without).render())).toBe(edited)
  })

  test('columns in another order on one side', () => {
    const theirs = 'id,city,name\n1,London,Ada\n2,Wien,Lise\n3,Erlangen,Emmy\n'
    expect(clean(base, base.replace('Wien', 'Berlin'), theirs)).toBe(
      'id,city,name\n1,London,Ada\n2,Berlin,Lise\n3,Erlangen,Emmy\n',
    )
  })

  test('a column renamed to two names is a schema conflict', () => {
    const merged = merge(base, base.replace('city', 'town'), base.replace('city', 'place'))
    expect(kinds(merged.conflicts)).toEqual(["schema column 'city'"])
    expect(utf8Text(merged.render(() => 'theirs'))).toBe(base.replace('city', 'place'))
  })
})

describe('one side rewrites every line', () => {
  const edited = base.replace('Wien', 'Berlin')

  test('quotes everywhere', () => {
    const ours = '"id","name","city"\n"1","Ada","London"\n"2","Lise","Wien"\n"3","Emmy","Erlangen"\n'
    expect(clean(base, ours, edited)).toBe(ours.replace('Wien', 'Berlin'))
    expect(clean(base, edited, ours)).toBe(ours.replace('Wien', 'Berlin'))
  })

  test('CRLF', () => {
    const theirs = base.replaceAll('\n', '\r\n')
    expect(clean(base, edited, theirs)).toBe(edited.replaceAll('\n', '\r\n'))
  })

  test('another order of rows', () => {
    const sorted = 'id,name,city\n1,Ada,London\n3,Emmy,Erlangen\n2,Lise,Wien\n'
    expect(clean(base, sorted, edited)).toBe(sorted.replace('Wien', 'Berlin'))
    expect(clean(base, edited, sorted)).toBe(sorted.replace('Wien', 'Berlin'))
  })

  test('another delimiter', () => {
    const ours = base.replaceAll(',', ';')
    expect(clean(base, ours, base.replace('Wien', 'Graz; Wien'))).toBe(ours.replace('Wien', '"Graz; Wien"'))
  })

  test('a byte order mark', () => {
    expect(clean(base, `\ufeff${base}`, edited)).toBe(`\ufeff${edited}`)
  })

  test('a first line that names the delimiter', () => {
    const [told, toldEdited] = [base, edited].map((text) => `sep=;\r\n${text.replaceAll(',', ';')}`)
    expect(clean(told!, told!, toldEdited!)).toBe(toldEdited)
    expect(clean(base, told!, edited)).toBe(toldEdited)
    expect(clean(base, `sep=,\n${base}`, toldEdited!.slice(7))).toBe(`sep=;\n${toldEdited!.slice(7)}`)
  })
})

describe('hostile and odd input', () => {
  test('a base without record ends, or with conflict markers, is merged by lines', () => {
    const lost = base.replaceAll('\n', ' ')
    expect(merge(lost, base, base.replace('Ada', 'Eve')).form).toBe('text')
    const marked = `${base}<<<<<<< ours\n4,a,b\n=======\n4,c,d\n>>>>>>> theirs\n`
    expect(merge(marked, `${base}4,a,b\n`, `${base}4,c,d\n`).form).toBe('text')
  })

  test('a quote that never closes falls back to lines', () => {
    const broken = base.replace('Ada', '"Ada')
    expect(merge(broken, `${broken}x\n`, broken.replace('Emmy', 'E.')).basis).toContain('by lines')
  })

  test('a TSV file without quoting may hold quotes', () => {
    const tsv = 'id\tinch\n1\t"\n2\t5"\n'
    expect(clean(tsv, tsv.replace('5"', '6"'), `${tsv}3\t"x\n`, 'sizes.tsv')).toBe(
      'id\tinch\n1\t"\n2\t6"\n3\t"x\n',
    )
  })

  test('rows with too few cells stay as they are', () => {
    const ragged = 'id,name,city\n1,Ada\n2,Lise,Wien\n3\n'
    expect(clean(ragged, ragged.replace('Wien', 'Graz'), `${ragged}4,Emmy\n`)).toBe(
      'id,name,city\n1,Ada\n2,Lise,Graz\n3\n4,Emmy\n',
    )
  })

  test('mixed line ends stay where they are', () => {
    const mixed = 'id,name\r\n1,Ada\n2,Lise\r\n3,Emmy\n'
    expect(clean(mixed, mixed.replace('Ada', 'Eve'), mixed.replace('Emmy', 'Eva'))).toBe(
      'id,name\r\n1,Eve\n2,Lise\r\n3,Eva\n',
    )
  })

  test('a number spelled anew on one side is taken; on both, it is a conflict', () => {
    const numbers = 'id,price\n1,1\n2,5\n'
    expect(clean(numbers, numbers.replace('1,1', '1,1.0'), numbers.replace('2,5', '2,6'))).toBe(
      'id,price\n1,1.0\n2,6\n',
    )
    expect(
      kinds(merge(numbers, numbers.replace('1,1', '1,1.0'), numbers.replace('1,1', '1,1.00')).conflicts),
    ).toEqual(['cell id=1 price'])
  })

  test('bytes that are not UTF-8 come through', () => {
    const latin = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))
    const sides = {
      base: latin('id,name\n1,Zürich\n2,Bern\n'),
      ours: latin('id,name\n1,Zürich\n2,Bérn\n'),
      theirs: latin('id,name\n1,Zurïch\n2,Bern\n'),
    }
    const merged = mergeDocument(sides, { name: 'a.csv' }) as MergedDocument
    expect(Buffer.from(merged.render()).toString('latin1')).toBe('id,name\n1,Zurïch\n2,Bérn\n')
  })

  test('rows that all stand in the base are told apart, moved, removed and doubled ones too', () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},name ${i},x\n`)
    const file = (lines: readonly string[]): string => `id,name,n\n${lines.join('')}`
    const edited = file(rows.with(3, '3,name 3,y\n'))
    expect(clean(file(rows), edited, file(rows.toSpliced(20, 5)))).toBe(
      file(rows.with(3, '3,name 3,y\n').toSpliced(20, 5)),
    )
    const moved = file([...rows.slice(10), ...rows.slice(0, 10)])
    expect(clean(file(rows), edited, moved)).toBe(moved.replace('3,name 3,x', '3,name 3,y'))
    // One id twice on one side: it is no key there, whatever the base says.
    const doubled = merge(file(rows), edited, file([...rows, '7,name 7,z\n']))
    expect(doubled.basis).not.toBe("rows by 'id'")
    expect(clean(file(rows), file([]), file(rows))).toBe(file([]))
  })

  test('two names of one column that both sides added are shown, though there is no base', () => {
    const ours = 'id,na\n1,x\n2,y\n3,z\n'
    const merged = merge(null, ours, ours.replace('na', 'nb'))
    expect(kinds(merged.conflicts)).toEqual(["schema column ''"])
    const marked = markedDocument(merged, { ours: 'ours', base: 'base', theirs: 'theirs' })
    expect(utf8Text(marked!)).toContain(
      '<<<<<<< ours\nid,na\n||||||| base\nid,\n=======\nid,nb\n>>>>>>> theirs\n',
    )
  })

  test('10,000 columns, and a cell of 20 MB', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `c${i}`)
    const row = (id: number, at: number, cell: string): string =>
      names.map((_, i) => (i === 0 ? id : i === at ? cell : i)).join(',')
    const wide = (a: string, b: string): string =>
      `${names.join(',')}\n${row(1, 7, a)}\n${row(2, 9_999, b)}\n`
    expect(clean(wide('', ''), wide('x', ''), wide('', 'y'))).toBe(wide('x', 'y'))
    const long = 'z'.repeat(20 << 20)
    expect(clean(`id,a,b\n1,${long},2\n`, `id,a,b\n1,${long},3\n`, `id,a,b\n1,${long}!,2\n`)).toBe(
      `id,a,b\n1,${long}!,3\n`,
    )
  })

  test('more than two million rows are not taken apart', () => {
    const many = `id\n${'1\n'.repeat(2_000_001)}`
    const merged = mergeDocument(
      { base: utf8(many), ours: utf8(`0\n${many}`), theirs: utf8(`${many}2\n`) },
      { name: 'a.csv' },
    )
    expect(merged).toMatchObject({ basis: 'by lines: it has too many rows to be merged at once' })
  })

  test('columns called __proto__ and constructor are columns', () => {
    const odd = '__proto__,constructor\n1,a\n2,b\n'
    expect(clean(odd, odd.replace('a', 'x'), odd.replace('b', 'y'))).toBe('__proto__,constructor\n1,x\n2,y\n')
  })
})
