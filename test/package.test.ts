// The package as others load it: by its name, from what the build made.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { root } from './cli/varve.ts'

let folder: string
beforeEach(() => void (folder = fs.mkdtempSync(path.join(tmpdir(), 'varve-package-'))))
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }))

/** What the program prints; `varve` is found by its name from the package's own folder. */
function run(program: string): unknown {
  const options = {
    encoding: 'utf8',
    cwd: root,
    timeout: 100_000,
    env: { ...process.env, FOLDER: folder },
  } as const
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '--eval', program], options),
  ) as unknown
}

test('the library and its server share their modules', () => {
  const program = `
    import { Repository, VarveError } from 'varve'
    import { serve } from 'varve/server'
    const open = { dirs: [process.env.FOLDER], stateDir: process.env.FOLDER, host: '0.0.0.0' }
    const serving = await serve(open).catch((error) => error)
    const opening = await Repository.open(process.env.FOLDER).catch((error) => error)
    console.log(JSON.stringify([serving, opening].map((error) => [error instanceof VarveError, error.code])))`
  expect(run(program)).toEqual([
    [true, 'VARVE_REFUSED'],
    [true, 'VARVE_NO_REPOSITORY'],
  ])
})

test('a large table is taken apart by threads, which the library finds', () => {
  const lines = ['id,note']
  for (let id = 1; id <= 60_000; id++) lines.push(`${id},${'a note of some length '.repeat(8)}${id}`)
  fs.writeFileSync(path.join(folder, 'notes.csv'), `${lines.join('\n')}\n`)
  const program = `
    import { Repository } from 'varve'
    let threads = 0
    process.on('worker', () => threads++)
    const author = { name: 'Ada Lovelace', email: 'ada@example.org' }
    const repo = await Repository.init(process.env.FOLDER, { author })
    await repo.track('notes.csv', { key: ['id'] })
    await repo.add(['.'])
    await repo.commit({ message: 'notes' })
    const row = await (await repo.at('main')).table('notes.csv').get(60000)
    await repo.close()
    console.log(JSON.stringify({ threads: threads > 0, end: row.note.slice(-5) }))`
  expect(run(program)).toEqual({ threads: true, end: '60000' })
})

test('what few need is loaded when it is needed', () => {
  const program = `
    import { createRequire } from 'node:module'
    await import('varve')
    const loaded = Object.keys(createRequire(import.meta.url).cache)
    const packages = loaded.map((file) => file.split('node_modules/')[1]?.split('/')[0])
    console.log(JSON.stringify([...new Set(packages)].filter(Boolean)))`
  expect(run(program)).toEqual([])
})
