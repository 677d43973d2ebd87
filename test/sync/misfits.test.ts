// A column's type is guessed from a file's first rows: what is further down and does not fit is told, once for each reading.
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { beforeEach, expect, test } from 'vitest'
import { Misfits } from '../../src/formats/misfits/misfits.ts'
import { BranchLinks } from '../support/branch-links.ts'
import { temporaryDir } from '../support/temporary.ts'

let links: BranchLinks
let folder: string
beforeEach(() => {
  links = new BranchLinks()
  folder = temporaryDir()
})

const url = (): string => `${pathToFileURL(folder).href.replace('file:', 'folder:')}?settle=0`
function drop(name: string, bytes: string | Buffer): void {
  const place = path.join(folder, name)
  fs.mkdirSync(path.dirname(place), { recursive: true })
  fs.writeFileSync(`${place}.part`, bytes)
  fs.renameSync(`${place}.part`, place)
}

const fitting = Array.from({ length: 40_000 }, (_, i) => `${i},"a\nb",${i}.5,true\n`)

test('a value further down that does not fit its column is told with its line, and not again in a quiet round', async () => {
  const others = ['40000,,"1,5",TRUE\n', '40001,,n/a,\n', '40002,,1.5,true\n', '40003,,"",true\n']
  const text = `id,words,amount,paid\n${[...fitting, ...others].join('')}`
  drop('t.csv', text)
  drop('z.csv.gz', gzipSync(text))
  const link = links.link(url(), ['t', 'z'], { mode: 'capture' })
  const notesOf = (table: string, file: string): string[] => [
    `column 'amount' of '${table}': 3 values do not look like decimal, the first in ${file} line 80002: "1,5"; kept as text`,
    `column 'paid' of '${table}': 1 value does not look like bool, the first in ${file} line 80002: "TRUE"; kept as text`,
  ]
  expect((await links.sync(link)).notes).toEqual([...notesOf('t', 't.csv'), ...notesOf('z', 'z.csv.gz')])
  expect((await links.sync(link)).notes).toEqual([])
  drop('t.csv', `${text}40004,,7,true\n`)
  expect((await links.sync(link)).notes).toEqual(notesOf('t', 't.csv'))
  drop('t.csv', `id,words,amount,paid\n${fitting.join('')}`)
  expect((await links.sync(link)).notes).toEqual([])
})

test('a key that does not fit its type is told, and so is a value of a table of several files', async () => {
  drop('keys.csv', `id,v\n${Array.from({ length: 3000 }, (_, i) => `${i},x\n`).join('')}A-7,y\n`)
  drop('orders/1.csv', 'id,n\n1,10\n2,20\n')
  const link = links.link(url(), ['keys', 'orders'], { mode: 'capture' })
  expect((await links.sync(link)).notes).toEqual([
    `column 'id' of 'keys': 1 value does not look like int, the first in keys.csv line 3002: "A-7"; kept as text`,
  ])
  drop('orders/2.jsonl', '{"id":3,"n":"ten"}\n{"id":4,"n":"eleven"}\n{"id":2,"n":21}\n')
  expect((await links.sync(link)).notes).toEqual([
    `column 'n' of 'orders': 2 values do not look like int, the first in orders/2.jsonl: "ten"; kept as text`,
  ])
})

test('dates and times that are none are told with their line, in CSV and in JSON Lines, and so is all that does not fit there', async () => {
  const days = Array.from({ length: 2500 }, (_, i) => `2024-02-${String((i % 29) + 1).padStart(2, '0')}`)
  const text = days.map((day, i) => `${i},${day},${day}T10:00:00Z\n`).join('')
  drop('a.csv', `id,day,at\n${text}2500,2023-02-29,2024-02-01\n2501,tomorrow,10:00\n2502,,\n`)
  const lines = days.map((day, i) => `{"id":${i},"day":"${day}","n":${i},"ok":true}\n`).join('')
  drop('b.jsonl', lines)
  drop('keys.csv', `day,v\n2024-01-01,1\n2024-01-02,2\n`)
  const link = links.link(url(), ['a', 'b', 'keys'], {
    mode: 'capture',
    files: [
      { table: 'b', key: ['id'], columns: [{ name: 'day', type: 'date' }] },
      { table: 'keys', key: ['day'] },
    ],
  })
  expect((await links.sync(link)).notes).toEqual([
    `column 'day' of 'a': 2 values do not look like date, the first in a.csv line 2502: "2023-02-29"; kept as text`,
    `column 'at' of 'a': 1 value does not look like timestamp, the first in a.csv line 2503: "10:00"; kept as text`,
  ])
  drop(
    'b.jsonl',
    `${lines}{"id":2500,"day":"31.12.2024","n":"ten","ok":"yes","more":1}\n{"id":2501,"n":"eleven"}\n`,
  )
  drop('keys.csv', `day,v\n2024-01-01,1\nsoon,2\n`)
  expect((await links.sync(link)).notes).toEqual([
    `column 'day' of 'b': 1 value does not look like date, the first in b.jsonl line 2501: "31.12.2024"; kept as text`,
    `column 'n' of 'b': 2 values do not look like int, the first in b.jsonl line 2501: "ten"; kept as text`,
    `column 'ok' of 'b': 1 value does not look like bool, the first in b.jsonl line 2501: "yes"; kept as text`,
    `column 'day' of 'keys': 1 value does not look like date, the first in keys.csv line 3: "soon"; kept as text`,
  ])
})

test('of many columns only the first are told by name, and of a long value only its beginning', () => {
  const misfits = new Misfits()
  for (let i = 0; i < 8; i++)
    misfits.add({ column: `c${i}`, type: 'int', count: 2, text: 'x', line: 3 + i, where: 't.csv' })
  misfits.add({ column: 'c0', type: 'int', count: 5, text: 'later', line: 90, where: 't.csv' })
  const notes = misfits.notes('t')
  expect(notes).toHaveLength(6)
  expect(notes[0]).toContain(
    `column 'c0' of 't': 7 values do not look like int, the first in t.csv line 3: "x"`,
  )
  expect(notes[5]).toBe("3 more columns of 't' have values that do not look like their types")
})
