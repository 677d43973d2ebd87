import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { diskCache } from '../../src/store/disk/derived-cache.ts'
import { temporaryDir } from '../support/temporary.ts'

test('the cache gives back what was written, and nothing where it cannot', () => {
  const dir = temporaryDir()
  const cache = diskCache(dir)
  expect(cache.read('history', 100)).toBeNull()
  cache.write('history', utf8('old'))
  cache.write('history', utf8('new'))
  expect(Buffer.from(cache.read('history', 100)!).toString()).toBe('new')
  expect(cache.read('history', 2)).toBeNull()
  expect(fs.readdirSync(path.join(dir, 'cache'))).toEqual(['history'])
})

test('what a killed process has left there goes after a day', () => {
  const dir = temporaryDir()
  const cache = diskCache(dir)
  cache.write('history', utf8('a'))
  for (const [name, hours] of [
    ['old', 30],
    ['young', 1],
  ] as const) {
    const file = path.join(dir, 'cache', `history.${name}`)
    fs.writeFileSync(file, '')
    const time = Date.now() / 1000 - hours * 3600
    fs.utimesSync(file, time, time)
  }
  cache.write('history', utf8('b'))
  expect(fs.readdirSync(path.join(dir, 'cache'))).toEqual(['history', 'history.young'])
})

test('where nothing can be written, nothing is, and nobody hears of it', () => {
  const dir = temporaryDir()
  fs.writeFileSync(path.join(dir, 'cache'), 'not a folder')
  const cache = diskCache(dir)
  cache.write('history', utf8('a'))
  expect(cache.read('history', 100)).toBeNull()
  expect(fs.readdirSync(dir)).toEqual(['cache'])
})
