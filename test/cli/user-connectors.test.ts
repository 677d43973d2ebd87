// Connectors of the user's own: named by the environment, handed over by a program, and by nothing else.
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import { userConnectors } from '../../src/cli/user-connectors.ts'
import { temporaryDir } from '../support/temporary.ts'
import { type Finished, varve } from './varve.ts'

const module = path.join(import.meta.dirname, '../../docs/connector-template/json-file.mjs')

describe("connectors of the user's own", () => {
  function stock(): { dir: string; file: string; url: string } {
    const dir = temporaryDir()
    const file = path.join(dir, 'stock.json')
    const parts = {
      key: ['id'],
      columns: [{ name: 'id' }, { name: 'n', nullable: true }],
      rows: [['1', 'bolt']],
    }
    fs.writeFileSync(file, JSON.stringify({ tables: { parts } }))
    return { dir: path.join(dir, 'repo'), file, url: `json-file://${file}` }
  }

  const run = (cwd: string, args: readonly string[], env: Record<string, string> = {}): Promise<Finished> =>
    varve(args, { cwd, env })

  test('the command line links by a module that VARVE_CONNECTORS names, and by no other', async () => {
    const { dir, file, url } = stock()
    fs.mkdirSync(dir)
    const env = { VARVE_CONNECTORS: module }
    expect((await run(dir, ['init'])).code).toBe(0)
    const without = await run(dir, ['link', 'add', 'stock', url, '--tables', 'parts', '--mode', 'two-way'])
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('not an endpoint') as string })
    const added = await run(dir, ['link', 'add', 'stock', url, '--tables', 'parts', '--mode', 'two-way'], env)
    expect(added.code).toBe(0)
    expect((await run(dir, ['sync', 'stock'], env)).code).toBe(0)
    expect((await run(dir, ['sync', 'stock'])).code).toBe(2)
    const content = JSON.parse(fs.readFileSync(file, 'utf8')) as object
    expect(content).not.toHaveProperty('links')
  })

  test('a program hands them over when it opens a repository', async () => {
    const { dir, url } = stock()
    const [kind] = userConnectors({ VARVE_CONNECTORS: module })
    await (await Repository.init(dir)).close()
    const author = { name: 'Ada', email: 'ada@example.org' }
    const repository = await Repository.open(dir, { author, connectors: [kind!] })
    await repository.addLink('stock', { endpoint: url, mode: 'capture', tables: ['parts'] })
    expect((await repository.sync('stock')).tables).toMatchObject([{ table: 'parts', read: 1 }])
    await repository.close()
  })

  test('what is no connector is refused by name', () => {
    expect(() => userConnectors({ VARVE_CONNECTORS: 'relative.mjs' })).toThrow('the path must be a whole one')
    expect(() => userConnectors({ VARVE_CONNECTORS: '/nowhere/x.mjs' })).toThrow(
      "cannot use the connector '/nowhere/x.mjs'",
    )
    const file = path.join(temporaryDir(), 'empty.cjs')
    fs.writeFileSync(file, 'module.exports = {}')
    expect(() => userConnectors({ VARVE_CONNECTORS: file })).toThrow("it exports no 'connector'")
  })
})
