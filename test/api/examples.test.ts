// Every example of docs/API.md (and the library example of README.md), executed as it stands there.
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'

const root = path.join(import.meta.dirname, '../..')
const dirs: string[] = []
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
})

function examplesOf(page: string): string[] {
  const text = readFileSync(path.join(root, page), 'utf8')
  return [...text.matchAll(/<!-- example -->\n```(?:ts|js)\n([\s\S]*?)```/g)].map((match) => match[1]!)
}

/** Type-free JavaScript with `await using`, which Node 20 does not parse: its disposal is written out. */
async function run(source: string, shown: unknown[] = []): Promise<void> {
  const dir = mkdtempSync(path.join(tmpdir(), 'varve-example-'))
  dirs.push(dir)
  const opened: string[] = []
  const body = source
    .replaceAll(/^import \{([^}]*)\} from 'varve'$/gm, "const {$1} = await import('../../src/index.ts')")
    .replaceAll(
      /^import \{([^}]*)\} from 'varve\/server'$/gm,
      "const {$1} = await load('../../src/server/serve.ts')",
    )
    .replaceAll(/^import \{([^}]*)\} from '(node:[^']+)'$/gm, "const {$1} = await load('$2')")
    .replaceAll(/await using (\w+) =/g, (_, name: string) => {
      opened.push(name)
      return `const ${name} =`
    })
    .replaceAll("await import('../../src/index.ts')", 'varve')
  const varve = await import('../../src/index.ts')
  const load = Object.assign((name: string): Promise<unknown> => import(name), {
    shown: (value: unknown) => void shown.push(value),
  })
  const close = opened.map((name) => `await ${name}.close()`).join('\n')
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
    ...names: string[]
  ) => (...values: unknown[]) => Promise<void>
  await new AsyncFunction('assert', 'dir', 'varve', 'load', `${body}\n${close}`)(assert, dir, varve, load)
}

/** The README's example stands in the folder that its tour has made. */
async function countries(): Promise<string> {
  const dir = mkdtempSync(path.join(tmpdir(), 'varve-example-'))
  dirs.push(dir)
  const { Repository } = await import('../../src/index.ts')
  const repo = await Repository.init(dir, { author: { name: 'Ada', email: 'ada@example.org' } })
  copyFileSync(path.join(root, 'fixtures/country-data/0.0.30/countries.csv'), path.join(dir, 'countries.csv'))
  await repo.track('countries.csv', { key: ['alpha2'] })
  await repo.add(['.'])
  await repo.commit({ message: 'Countries' })
  await repo.setConfig('user.name', 'Ada')
  await repo.setConfig('user.email', 'ada@example.org')
  await repo.close()
  return dir
}

test("README.md's example does what it says", async () => {
  const [source] = examplesOf('README.md')
  const dir = await countries()
  const shown: unknown[] = []
  await run(
    source!
      .replace("Repository.open('.')", `Repository.open(${JSON.stringify(dir)})`)
      .replace('console.log(', 'load.shown('),
    shown,
  )
  expect(shown).toMatchObject([{ name: 'Virgin Islands (British)', alpha2: 'VG' }])
  const { Repository } = await import('../../src/index.ts')
  const row = await (await (await Repository.open(dir)).at('main')).table('countries.csv').get('XK')
  expect(row).toMatchObject({ name: 'Kosovo', ioc: 'KOS' })
})

describe.each(['docs/API.md'])('%s', (page) => {
  const examples = examplesOf(page)
  test('has examples', () => expect(examples.length).toBeGreaterThan(0))
  test.each(examples.map((source, i) => [i + 1, source] as const))(
    'example %i does what it says',
    async (_, source) => {
      await run(source)
    },
  )
})
