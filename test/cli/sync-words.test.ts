// What `varve sync` and `varve link` refuse instead of passing over it; and two links on one folder in one command.
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from '@photostructure/sqlite'
import { beforeAll, describe, expect, test } from 'vitest'
import { decisions } from '../../src/cli/sync/decisions.ts'
import { reports } from '../../src/cli/sync/reports.ts'
import { isLinkName, syncWords } from '../../src/dataset/link-name.ts'
import { temporaryDir } from '../support/temporary.ts'
import { type Finished, ok, varve as run } from './varve.ts'

describe('varve sync and link', () => {
  const dir = temporaryDir()
  const varve = (...args: string[]): Promise<Finished> => run(args, { cwd: dir })
  const databases = ['a', 'b'].map((name) => new DatabaseSync(`${dir}/${name}.db`))

  beforeAll(async () => {
    for (const database of databases) database.exec('CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)')
    await ok(['init'], { cwd: dir })
    const template = ['link', 'template', 'use', 'databases-in-step', 'shop', './a.db', './b.db']
    await ok([...template, '--tables', 'people'], { cwd: dir })
  })

  test('a dry run of empty tables says that they come, and that they have no rows', async () => {
    expect((await varve('sync', 'shop-a', '--dry-run')).stdout).toContain('shop/people (new): no rows\n')
  })

  test('what two databases changed is in both after one command', async () => {
    databases[0]!.exec("INSERT INTO people VALUES (1, 'Ada')")
    databases[1]!.exec("INSERT INTO people VALUES (2, 'Bob')")
    const synced = await varve('sync')
    expect([synced.code, synced.stdout.match(/^shop-\w/gm)]).toEqual([0, ['shop-a', 'shop-b', 'shop-a']])
    for (const database of databases)
      expect(database.prepare('SELECT id, name FROM people ORDER BY id').all()).toEqual([
        { id: 1, name: 'Ada' },
        { id: 2, name: 'Bob' },
      ])
    expect((await varve('sync')).stdout.match(/^shop-\w/gm)).toEqual(['shop-a', 'shop-b'])
  })

  test('a template of which one endpoint is not there leaves nothing to undo', async () => {
    const use = 'link template use databases-in-step again ./a.db sqlite:./none.db --tables people'
    const { code, stderr } = await varve(...use.split(' '))
    expect([code, stderr]).toEqual([60, expect.stringContaining('there is no file')])
    expect(stderr).not.toContain('done by then')
  })

  test('several links may be named, each once', async () => {
    const named = await varve('sync', 'shop-b', 'shop-a', 'shop-b')
    expect([named.code, named.stdout.match(/^shop-\w/gm)]).toEqual([0, ['shop-b', 'shop-a']])
    const tried = await varve('sync', 'shop-b', 'shop-a', '--dry-run')
    expect(tried.stdout.match(/^shop-\w (?=\()/gm)).toEqual(['shop-b ', 'shop-a '])
  })

  test('the words of its own are no names of links', async () => {
    expect([...reports, ...Object.keys(decisions)].sort()).toEqual([...syncWords].sort())
    expect(syncWords.filter(isLinkName)).toEqual([])
    const added = await varve('link', 'add', 'pending', './a.db', '--tables', 'people', '--mode', 'capture')
    expect([added.code, added.stderr]).toEqual([2, expect.stringContaining('not a name for a link')])
  })

  test('a table named twice is linked once, and tables that would lie in each other are refused', async () => {
    const folder = `${dir}/nested`
    fs.mkdirSync(folder)
    const here = (words: string): Promise<Finished> => run(words.split(' '), { cwd: folder })
    await ok(['init'], { cwd: folder })
    const add = 'link add NAME ../a.db --mode capture --tables'
    expect((await here(`${add.replace('NAME', 'one')} people,people`)).stdout).toContain('linked people of')
    const inner = await here(`${add.replace('NAME', 'two')} people --into one/people`)
    expect([inner.code, inner.stderr]).toEqual([2, expect.stringContaining("'--into'")])
    expect((await here('sync')).code).toBe(0)
  })

  test('how an HTTP API answers is said when it is linked; to a database it says nothing', async () => {
    const server = http.createServer(({ url }, response) => {
      response.end(url === '/v1/p?n=2' ? '{"d":[{"uid":1}]}' : '{}')
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
    const folder = `${dir}/api`
    fs.mkdirSync(folder)
    await ok(['init'], { cwd: folder })
    const add = (endpoint: string, words: string): Promise<Finished> =>
      run(['link', 'add', 'crm', endpoint, '--tables', 'people', '--mode', 'capture', ...words.split(' ')], {
        cwd: folder,
      })
    expect((await add(at, '--path p?n=2 --key uid')).stderr).toContain("'--items'")
    for (const word of ['--items d', '--key uid'])
      expect([word, (await add('../a.db', word)).code]).toEqual([word, 2])
    expect((await add(at, '--path p?n=2 --items d --key uid')).code).toBe(0)
    expect(await ok(['sync'], { cwd: folder })).toContain('read +1 ~0 -0')
    server.closeAllConnections()
    server.close()
  })

  test('of several links the one that fails is named, and status names those that never came to an end', async () => {
    const folder = `${dir}/broken`
    fs.mkdirSync(folder)
    const here = (words: string): Promise<Finished> => run(words.split(' '), { cwd: folder })
    await ok(['init'], { cwd: folder })
    for (const name of ['bad', 'good'])
      await ok(['link', 'add', name, '../a.db', '--tables', 'people', '--mode', 'capture'], { cwd: folder })
    const yaml = fs.readFileSync(`${folder}/varve.yaml`, 'utf8')
    fs.writeFileSync(`${folder}/varve.yaml`, yaml.replace('tables: [ people ]', 'tables: [ gone ]'))
    for (const words of ['sync', 'sync --dry-run']) {
      const synced = await here(words)
      expect([words, synced.code, synced.stderr]).toEqual([
        words,
        40,
        expect.stringContaining("error: bad: the database has no table 'gone'"),
      ])
    }
    expect((await here('sync status')).stdout).toMatch(
      /^good \(capture\), in step[^]*\nbad \(capture\), no round has been completed yet\n$/,
    )
  })

  test('status says what the branch has changed since the last round', async () => {
    const folder = `${dir}/since`
    fs.mkdirSync(folder)
    const here = (...words: string[]): Promise<string> => ok(words, { cwd: folder })
    const database = new DatabaseSync(`${folder}/s.db`)
    database.exec('CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)')
    await here('init')
    await here('link', 'add', 's', './s.db', '--tables', 'people', '--mode', 'two-way', '--into', 'd')
    fs.writeFileSync(`${folder}/notes.txt`, 'x')
    await here('add', '.')
    await here('commit', '-m', 'notes')
    await here('sync')
    expect(await here('sync', 'status')).not.toContain('since then')
    fs.writeFileSync(`${folder}/p.csv`, 'id,name\n1,Ada\n')
    await here('import', 'p.csv', '--as', 'd/people', '--key', 'id')
    await here('commit', '-m', 'Ada')
    expect(await here('sync', 'status')).toContain('\ns, since then: the branch has changed d/people\n')
    await here('switch', '--detach', 'HEAD')
    expect(await here('sync', 'status')).toContain('s (two-way), in step')
    await here('switch', 'main')
    await here('sync')
    expect(await here('sync', 'status')).not.toContain('since then')
    database.close()
  })

  test('what is only told cannot be verified, and what was told last is said', async () => {
    const env = { VARVE_LINK_HOOK_SECRET: `whsec_${Buffer.alloc(32).toString('base64')}` }
    const words = 'link add hook webhook+http://127.0.0.1:1/x --tables people.csv --mode materialize'
    expect((await run(words.split(' '), { cwd: dir, env })).code).toBe(0)
    const verified = await run(['link', 'verify', 'hook'], { cwd: dir, env })
    expect([verified.code, verified.stderr]).toEqual([
      20,
      expect.stringContaining("'varve log --links hook'"),
    ])
    expect((await varve('link', 'remove', 'hook')).code).toBe(0)
  })

  const refused: readonly (readonly [words: string, code: number, message: string])[] = [
    ['sync approve shop-a --dry-run', 2, "'--dry-run' is not an option of 'sync approve'"],
    ['sync conflicts --theirs', 2, "'--theirs' is not an option of 'sync conflicts'"],
    ['sync shop-a --ours', 2, "'--ours' needs 'varve sync resolve NAME'"],
    ['sync --metrics 127.0.0.1:1', 2, "'--metrics' needs"],
    ['sync --compare-every 1h', 2, "'--compare-every' needs '--follow'"],
    ['sync shop', 43, 'there are: shop-a, shop-b'],
    ['sync statu', 43, "did you mean 'status'?"],
    ['sync shop-a shop', 43, "no link 'shop'"],
    ['sync constructor', 43, "no link 'constructor'"],
    ['link show shop', 43, 'there are: shop-a, shop-b'],
    ['link verifi shop-a', 2, "'verifi' is not one of"],
    ['link template use databse-to-dataset', 2, "did you mean 'database-to-dataset'?"],
    ['link template use file-drop-to-database x', 2, 'missing argument: FOLDER and DATABASE'],
    ['link constructor', 2, "'constructor' is not one of"],
    ['link remove shop-a --mode capture', 2, "'--mode' is not an option of 'link remove'"],
  ]
  test.each(refused)('varve %s', async (words, code, message) => {
    const { stderr, ...finished } = await varve(...words.split(' '))
    expect([finished.code, stderr]).toEqual([code, expect.stringContaining(message)])
  })
})
