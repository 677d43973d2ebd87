// Files and folders that links name: within the dataset's folder from there, so that a copy elsewhere finds its own.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { portableEndpoint, resolvedEndpoint } from '../../src/api/links/endpoint-path.ts'
import { Repository } from '../../src/api/repository.ts'
import { temporaryDir } from '../support/temporary.ts'

test.each([
  ['folder:./drop', 'folder:///data/set/drop'],
  ['folder:./drop?settle=0', 'folder:///data/set/drop?settle=0'],
  ['sqlite:./in%20store/app.db', 'sqlite:///data/set/in%20store/app.db'],
  ['inbox:./crm.inbox', 'inbox:///data/set/crm.inbox'],
])('%s is %s', (portable, whole) => {
  expect(resolvedEndpoint(portable, '/data/set')).toBe(whole)
  expect(portableEndpoint(whole, '/data/set')).toBe(portable)
  expect(resolvedEndpoint(portable, null)).toBe(portable)
})

test.each([
  'folder:///data/settings/drop',
  'sqlite:///srv/app.db',
  'postgres://ada@db.example.org/data/set/x',
  's3://set/x',
])('%s stays as it is', (endpoint) => {
  expect(portableEndpoint(endpoint, '/data/set')).toBe(endpoint)
  expect(resolvedEndpoint(endpoint, '/data/set')).toBe(endpoint)
})

test('the folder itself and one beside it', () => {
  expect(portableEndpoint('folder:///data/set', '/data/set')).toBe('folder:.')
  expect(resolvedEndpoint('folder:.', '/data/set')).toBe('folder:///data/set/')
  expect(resolvedEndpoint('folder:../drop', '/data/set')).toBe('folder:///data/drop')
})

test('a copy of the dataset reads the folder that lies in it', async () => {
  const dir = temporaryDir()
  const [here, there] = [path.join(dir, 'here'), path.join(dir, 'there')]
  const options = { author: { name: 'Ada', email: 'ada@example.org' } }
  const drop = (root: string, name: string): void => {
    fs.mkdirSync(path.join(root, 'drop'), { recursive: true })
    fs.writeFileSync(path.join(root, 'drop/people.csv'), `id,name\n1,${name}\n`)
  }
  const rows = async (repo: Repository): Promise<unknown[]> => {
    const found: unknown[] = []
    for await (const row of (await repo.at('main')).table('in/people').scan()) found.push(row['name'])
    return found
  }
  const repo = await Repository.init(here, options)
  drop(here, 'Ada')
  const setting = { endpoint: `folder://${here}/drop?settle=0`, mode: 'capture' as const, tables: ['people'] }
  const link = await repo.addLink('in', { ...setting, files: [{ table: 'people', key: ['id'] }] })
  expect(link.endpoint).toBe(setting.endpoint)
  expect(fs.readFileSync(path.join(here, 'varve.yaml'), 'utf8')).toContain('endpoint: folder:./drop?settle=0')
  await repo.close()
  fs.cpSync(here, there, { recursive: true })
  drop(there, 'Grace')
  for (const [root, name] of [
    [here, 'Ada'],
    [there, 'Grace'],
  ] as const) {
    const copy = await Repository.open(root, options)
    await copy.sync('in')
    expect(await rows(copy)).toEqual([name])
    await copy.close()
  }
})
