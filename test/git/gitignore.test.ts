import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ensureIgnored, findGitRoot } from '../../src/git/gitignore.ts'

let dir = ''
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-ignore-'))
})
afterEach(() => fs.rmSync(dir, { recursive: true }))

const read = (): string => fs.readFileSync(path.join(dir, '.gitignore'), 'utf8')

test('the line is written once, also where there was no file', () => {
  expect(ensureIgnored(dir, '.varve/')).toBe(path.join(dir, '.gitignore'))
  expect(ensureIgnored(dir, '.varve/')).toBeNull()
  expect(read()).toBe('.varve/\n')
})

test.each([
  ['node_modules\n', 'node_modules\n.varve/\n'],
  ['no end', 'no end\n.varve/\n'],
  ['a\r\nb\r\n', 'a\r\nb\r\n.varve/\r\n'],
])('%j keeps what it has and becomes %j', (before, after) => {
  fs.writeFileSync(path.join(dir, '.gitignore'), before)
  ensureIgnored(dir, '.varve/')
  expect(read()).toBe(after)
})

test.each(['.varve', '/.varve/', '.varve/'])('%s ignores it already', (line) => {
  fs.writeFileSync(path.join(dir, '.gitignore'), `x\n${line}\n`)
  expect(ensureIgnored(dir, '.varve/')).toBeNull()
})

test("Git's root is found from below, also where .git is a file", () => {
  fs.mkdirSync(path.join(dir, 'a/b'), { recursive: true })
  expect(findGitRoot(path.join(dir, 'a/b'))).not.toBe(dir)
  fs.writeFileSync(path.join(dir, '.git'), 'gitdir: elsewhere\n')
  expect(findGitRoot(path.join(dir, 'a/b'))).toBe(dir)
})

test('nothing is written through a symlink that came with the Git repository', () => {
  fs.writeFileSync(path.join(dir, 'elsewhere'), 'mine\n')
  fs.symlinkSync('elsewhere', path.join(dir, '.gitignore'))
  expect(ensureIgnored(dir, '.varve/')).toBeNull()
  expect(read()).toBe('mine\n')
})
