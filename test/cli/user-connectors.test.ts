// Connectors of the user's own: named by the environment, handed over by a program, and by nothing else.
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { Repository } from '../../src/api/repository.ts'
import { userConnectors } from '../../src/cli/user-connectors.ts'
import { temporaryDir } from '../support/temporary.ts'
import { type Finished, varve } from './varve.ts'

const module = path.join(import.meta.dirname, '../../docs/connector-template/json-file.mjs')
const lineSink = path.join(import.meta.dirname, '../../docs/connector-template/line-sink.mjs')

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
    const without = await run(dir, add(url))
    expect(without).toMatchObject({ code: 2, stderr: expect.stringContaining('not an endpoint') as string })
    const added = await run(dir, add(url), env)
    expect(added.code).toBe(0)
    expect((await run(dir, ['sync', 'stock'], env)).code).toBe(0)
    expect((await run(dir, ['sync', 'stock'])).code).toBe(2)
    const content = JSON.parse(fs.readFileSync(file, 'utf8')) as object
    expect(content).not.toHaveProperty('links')
  })

  test('a program hands them over when it opens a repository', async () => {
    const { dir, url } = stock()
    const [kind] = userConnectors({ VARVE_CONNECTORS: module }).connectors
    await (await Repository.init(dir)).close()
    const author = { name: 'Ada', email: 'ada@example.org' }
    const repository = await Repository.open(dir, { author, connectors: [kind!] })
    await repository.addLink('stock', { endpoint: url, mode: 'capture', tables: ['parts'] })
    expect((await repository.sync('stock')).tables).toMatchObject([{ table: 'parts', read: 1 }])
    await repository.close()
  })

  test('what is no connector is refused by name, when a URL is looked at', () => {
    const asked = (file: string): (() => boolean) => {
      const [kind] = userConnectors({ VARVE_CONNECTORS: file }).connectors
      return () => kind!.accepts('stock://here')
    }
    expect(asked('relative.mjs')).toThrow('the path must be a whole one')
    expect(asked('/nowhere/x.mjs')).toThrow(
      "cannot use the connector '/nowhere/x.mjs': there is no such file",
    )
    expect(asked(written('empty.cjs', 'module.exports = {}'))).toThrow("it exports no 'connector'")
    const both =
      "export const connector = { name: 'a', accepts: () => true, open: () => null }\nexport const sink = {}"
    expect(asked(written('half.mjs', both))).toThrow("it exports no 'connector' or 'sink'")
  })

  test('a module may export a sink, which is told what changes and is never read', async () => {
    const { dir } = stock()
    fs.mkdirSync(dir)
    const lines: string[] = []
    const server = http.createServer((request, response) => {
      request.on('data', (part) => lines.push(String(part)))
      request.on('end', () => response.writeHead(204).end())
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const feed = `lines+http://127.0.0.1:${(server.address() as AddressInfo).port}/rows`
    const env = { VARVE_CONNECTORS: [module, lineSink].join(path.delimiter) }
    await run(dir, ['init'])
    fs.writeFileSync(path.join(dir, 'people.csv'), 'id,name\n1,Ada\n')
    for (const args of [
      ['track', 'people.csv', '--key', 'id'],
      ['add', '.'],
      ['commit', '-m', 'people'],
    ])
      expect(await run(dir, args)).toMatchObject({ code: 0 })
    const linking = (mode: string): readonly string[] => [
      'link',
      'add',
      'feed',
      feed,
      '--tables',
      'people.csv',
      '--mode',
      mode,
    ]
    expect(await run(dir, linking('two-way'), env)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('can be written to and not read') as string,
    })
    expect(await run(dir, linking('materialize'), env)).toMatchObject({
      code: 0,
      stderr: expect.not.stringContaining('warning') as string,
    })
    expect((await run(dir, ['link', 'test', 'feed'], env)).stdout).toContain(feed.replace('lines+', ''))
    expect((await run(dir, ['sync', 'feed'], env)).code).toBe(0)
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { link: 'feed', table: 'people.csv', kind: 'insert', after: { id: 1, name: 'Ada' } },
    ])
    expect((await run(dir, ['sync', 'feed'])).stderr).toContain('not an endpoint')
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })

  test('commands that look at no link go on without a module that cannot be loaded', async () => {
    const { dir, url } = stock()
    fs.mkdirSync(dir)
    const env = { VARVE_CONNECTORS: '/nowhere/x.mjs' }
    expect(await run(dir, ['init'], env)).toMatchObject({ code: 0 })
    expect(await run(dir, ['status'], env)).toMatchObject({ code: 0 })
    expect(await run(dir, add(url), env)).toMatchObject({ code: 2 })
  })

  test('a URL that nobody knows leads to the variable', async () => {
    const { dir, url } = stock()
    fs.mkdirSync(dir)
    await run(dir, ['init'])
    expect((await run(dir, add(url))).stderr).toContain('with VARVE_CONNECTORS others of your own')
  })

  test('a fault of a connector is called its own, never a success: a code that is none, an error, no methods', async () => {
    const { dir, url } = stock()
    fs.mkdirSync(dir)
    await run(dir, ['init'])
    const opened = (body: string): Promise<Finished> => {
      const kind = `{ name: 'Stock', accepts: () => true, open: async (url, { kit }) => { ${body} } }`
      const file = written('stock.mjs', `export const connector = ${kind}`)
      return run(dir, add(url), { VARVE_CONNECTORS: file })
    }
    const noCode = await opened("throw new kit.VarveError('VARVE_NO_SUCH_CODE', 'it is closed')")
    expect(noCode).toMatchObject({
      code: 70,
      stderr: expect.stringContaining("'VARVE_NO_SUCH_CODE' (it is closed)") as string,
    })
    expect(noCode.stderr).toMatch(/hint: this is a fault of '.*stock\.mjs'/)
    const thrown = await opened("throw new TypeError('failed', { cause: new Error('nobody answers') })")
    expect(thrown.code).toBe(70)
    expect(thrown.stderr).toMatch(/caused by: nobody answers\nhint: this is a fault of '.*stock\.mjs'/)
    expect(await opened('return { close: async () => {} }')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("the connector 'Stock' has no identity, discover,") as string,
    })
  })
})

function add(url: string): string[] {
  return ['link', 'add', 'stock', url, '--tables', 'parts', '--mode', 'two-way']
}

function written(name: string, text: string): string {
  const file = path.join(temporaryDir(), name)
  fs.writeFileSync(file, text)
  return file
}
