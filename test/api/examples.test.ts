// Every example of docs/API.md (and the library example of README.md), compiled and executed as it stands there.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { transform } from 'esbuild'
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

const modules: Readonly<Record<string, string>> = {
  varve: '../../src/index.ts',
  'varve/server': '../../src/server/serve.ts',
}

/** Without types and `await using`, which Node 20 does not parse. */
async function run(source: string, shown: unknown[] = []): Promise<void> {
  const dir = mkdtempSync(path.join(tmpdir(), 'varve-example-'))
  dirs.push(dir)
  const { code } = await transform(source, { loader: 'ts', target: 'node20' })
  const body = code.replaceAll(/^import (\{[^}]*\}) from ("[^"]+");$/gm, 'const $1 = await load($2)')
  const load = Object.assign((name: string): Promise<unknown> => import(modules[name] ?? name), {
    shown: (value: unknown) => void shown.push(value),
  })
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
    ...names: string[]
  ) => (...values: unknown[]) => Promise<void>
  await new AsyncFunction('assert', 'dir', 'load', body)(assert, dir, load)
}

/** What the compiler says, as strict as it can be, of programs that know the package's types alone. */
function compile(sources: readonly string[]): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'varve-example-'))
  dirs.push(dir)
  const given = "import assert from 'node:assert/strict'\ndeclare const dir: string\n"
  for (const [i, source] of sources.entries())
    writeFileSync(path.join(dir, `example-${i + 1}.ts`), `${given}${source}\nexport {}\n`)
  const types = (name: string): string[] => [path.join(root, 'dist', `${name}.d.ts`)]
  const compilerOptions = {
    target: 'es2023',
    lib: ['es2023', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
    typeRoots: [path.join(root, 'node_modules/@types')],
    paths: { varve: types('index'), 'varve/server': types('server/serve') },
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  }
  writeFileSync(path.join(dir, 'package.json'), '{"type":"module"}')
  writeFileSync(path.join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
  return spawnSync(process.execPath, [tsc, '-p', dir], { encoding: 'utf8' }).stdout
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
  test('its examples are strict TypeScript', () => {
    expect(compile(examples)).toBe('')
    expect(compile(["import { Repository } from 'varve'\nconst a: number = Repository"])).toContain('TS2322')
  })
  test.each(examples.map((source, i) => [i + 1, source] as const))(
    'example %i does what it says',
    async (_, source) => {
      await run(source)
    },
  )
})
