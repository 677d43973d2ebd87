// What is said when a link is added that has nothing to tell yet.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Repository } from '../../src/index.ts'
import { type Hook, secret, startHook } from '../sync/sinks/webhook-receiver.ts'
import { fault } from '../support/fault.ts'
import { temporaryDir } from '../support/temporary.ts'

const warnings: string[] = []
const moved: string[] = []
let hook: Hook
let repo: Repository

beforeAll(async () => {
  hook = await startHook()
  const dir = temporaryDir()
  repo = await Repository.init(dir, {
    author: { name: 'Ada', email: 'ada@example.org' },
    environment: { VARVE_LINK_HOOK_SECRET: secret },
    onWarning: (message) => warnings.push(message),
    onMoved: ({ message }) => moved.push(message),
  })
  writeFileSync(join(dir, 'people.csv'), 'id,name\n1,Ada\n')
  writeFileSync(join(dir, 'notes.txt'), 'hello\n')
  await repo.track('people.csv', { key: ['id'] })
  await repo.add(['.'])
  await repo.commit({ message: 'first' })
})
afterAll(async () => {
  await repo.close()
  await hook.close()
})

function add(...tables: readonly string[]) {
  return repo.addLink('hook', { endpoint: hook.url, mode: 'materialize', tables })
}

test('a table whose name lacks its ending is told the path that is there', async () => {
  warnings.length = 0
  await add('people')
  expect(warnings).toEqual([expect.stringContaining("; did you mean 'people.csv'?")])
  await repo.removeLink('hook')
  warnings.length = 0
})

test('a table that the branch has not is warned of, and told once it is there', async () => {
  await add('people.csv', 'orders.csv')
  expect(warnings).toEqual([expect.stringContaining("no table 'orders.csv' yet")])
  expect(await fault(repo.sync('hook'))).toContain("has no table 'orders.csv'")
  writeFileSync(join(repo.root!, 'orders.csv'), 'id,total\n1,2\n')
  await repo.track('orders.csv', { key: ['id'] })
  await repo.add(['.'])
  await repo.commit({ message: 'orders' })
  moved.length = 0
  const { tables } = await repo.sync('hook')
  expect(moved.filter((message) => message.startsWith('hook:')).slice(0, 2)).toEqual([
    'hook: a delivery is announced',
    'hook: delivered',
  ])
  expect(tables.map(({ written }) => written.added)).toEqual([1, 1])
  await repo.removeLink('hook')
})

test('tables that are there are not, and a file that is none is refused', async () => {
  warnings.length = 0
  await add('people.csv')
  expect(warnings).toEqual([])
  await repo.removeLink('hook')
  expect(await fault(add('notes.txt'))).toContain("'notes.txt' is a file and not a table")
  expect(await repo.links()).toEqual([])
})
