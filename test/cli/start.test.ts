// The command line starts from one script and the code that V8 compiled from it, which lies beside it. That code is
// a copy of something: whatever becomes of it, the program must be the same.
import { isAscii } from 'node:buffer'
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { root } from './varve.ts'

let folder: string
let script: string
let code: string

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(tmpdir(), 'varve-start-'))
  for (const part of ['bin', 'dist/bundle', 'package.json'])
    fs.cpSync(path.join(root, part), path.join(folder, part), { recursive: true })
  script = path.join(folder, 'dist/bundle/main.cjs')
  code = `${script}.code`
})

afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

function overview(): string {
  return execFileSync(process.execPath, [path.join(folder, 'bin/varve.js'), '--help'], { encoding: 'utf8' })
}

test('the build keeps compiled code of the command line and of its threads', () => {
  expect(fs.statSync(code).size).toBeGreaterThan(100_000)
  expect(fs.statSync(path.join(folder, 'dist/bundle/worker.cjs.code')).size).toBeGreaterThan(10_000)
})

test('V8 takes the kept code', () => {
  const load = `const { loadBundle, optimizeLater } = require('./bin/bundle.js')
    optimizeLater()
    console.log(['main', 'rest', 'level', 'yaml', 'pg'].map((name) => loadBundle(name).isKept).join())`
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  const said = execFileSync(process.execPath, ['-e', load], { cwd: folder, encoding: 'utf8' })
  expect(said).toBe('true,true,true,true,true\n')
})

test('what few commands run is not loaded before one of them is', () => {
  const program = `const { loadBundle, loaded, optimizeLater } = require('./bin/bundle.js')
    optimizeLater()
    const { main } = loadBundle('main').exports
    const data = process.cwd() + '/.data'
    const run = async (args) => {
      const code = await main(['-C', data, ...args], { VARVE_AUTHOR_NAME: 'Ada', VARVE_AUTHOR_EMAIL: 'ada@example.org' }, '0')
      process.stderr.write(args[0] + ' ' + code + ' ' + loaded.has('rest') + '\\n')
    }
    const all = [['init'], ['add', '.'], ['commit', '-m', 'x'], ['status'], ['diff'], ['log'], ['check']]
    void all.reduce((before, args) => before.then(() => run(args)), Promise.resolve())`
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  fs.mkdirSync(path.join(folder, '.data'))
  fs.writeFileSync(path.join(folder, '.data/a.txt'), 'a\n')
  const { stderr } = spawnSync(process.execPath, ['-e', program], { cwd: folder, encoding: 'utf8' })
  const common = ['init', 'add', 'commit', 'status', 'diff', 'log']
  expect(stderr.match(/^\w+ \d+ (?:true|false)$/gm)).toEqual([
    ...common.map((name) => `${name} 0 false`),
    'check 0 true',
  ])
})

test('scripts are ASCII alone, since that is how they are read', () => {
  const names = fs.readdirSync(path.dirname(script)).filter((name) => name.endsWith('.cjs'))
  expect(names).toContain('main.cjs')
  for (const name of names) {
    const bytes = fs.readFileSync(path.join(path.dirname(script), name))
    expect(isAscii(bytes), name).toBe(true)
  }
})

test('LevelDB, whose script is bundled, keeps the stat cache', () => {
  const dir = path.join(folder, 'dataset')
  fs.mkdirSync(dir)
  const varve = path.join(folder, 'bin/varve.js')
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  fs.writeFileSync(path.join(dir, 'a.txt'), Buffer.alloc(2 << 20))
  for (const args of [['init'], ['add', 'a.txt']]) execFileSync(process.execPath, [varve, '-C', dir, ...args])
  expect(fs.readdirSync(path.join(dir, '.varve/cache/stat'))).toContain('CURRENT')
})

test('without kept code, and with damaged kept code, it starts all the same', () => {
  const expected = overview()
  const bytes = fs.readFileSync(code)
  for (const at of [0, 31, 32, 40, bytes.length >> 1, bytes.length - 1]) {
    const damaged = Buffer.from(bytes)
    damaged[at]! ^= 1
    fs.writeFileSync(code, damaged)
    expect(overview()).toBe(expected)
  }
  fs.writeFileSync(code, bytes.subarray(0, 1000))
  expect(overview()).toBe(expected)
  fs.rmSync(code)
  expect(overview()).toBe(expected)
})

test('kept code of another script of the same length is not used', () => {
  const text = fs.readFileSync(script, 'utf8')
  const edited = text.replaceAll('Record the staged changes', 'RECORD THE STAGED CHANGES')
  expect(edited).not.toBe(text)
  fs.writeFileSync(script, edited)
  expect(overview()).toContain('RECORD THE STAGED CHANGES')
})
