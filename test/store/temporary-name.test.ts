// Temporary names beside a file: what a killed process left goes, and nothing else does.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { temporaryName } from '../../src/store/disk/temporary-name.ts'
import { ownerName } from '../../src/store/disk/owner.ts'
import { temporaryDir } from '../support/temporary.ts'

test('what a killed process left beside a file goes, and nothing else', () => {
  const dir = temporaryDir()
  const file = path.join(dir, 'x.csv')
  const place = ownerName().split('-')[1]!
  const nobody = 2 ** 22 + 1
  const left = [`x.csv.${nobody}-${place}-0123abcd.tmp`, `x.csv.${nobody}-${place}-0123abce.tmp`]
  const kept = [
    'x.csv',
    // Of a process that lives, of another machine, of another file, and a user's own.
    `x.csv.${process.pid}-${place}-0123abcd.tmp`,
    `x.csv.${nobody}-00000000-0123abcd.tmp`,
    `y.csv.${nobody}-${place}-0123abcd.tmp`,
    'x.csv.tmp',
    `x.csv.${nobody}-${place}-0123abcd.tmp.csv`,
  ]
  fs.mkdirSync(path.join(dir, left[0]!))
  for (const name of ['packs', 'm']) fs.writeFileSync(path.join(dir, left[0]!, name), 'x')
  for (const name of [left[1]!, ...kept]) fs.writeFileSync(path.join(dir, name), 'x')
  const name = temporaryName(file)
  expect(fs.readdirSync(dir).sort()).toEqual([...kept].sort())
  expect(name.startsWith(`${file}.${ownerName()}-`)).toBe(true)
  // One of another machine, a day later.
  const dayAgo = Date.now() / 1000 - 25 * 3600
  fs.utimesSync(path.join(dir, kept[2]!), dayAgo, dayAgo)
  temporaryName(file)
  expect(fs.existsSync(path.join(dir, kept[2]!))).toBe(false)
})
