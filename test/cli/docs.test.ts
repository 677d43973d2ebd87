// docs/CLI.md and README.md say what the program does: the pages are compared with it.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { exitCodes } from '../../src/base/errors.ts'
import { commands } from '../../src/cli/commands.ts'
import { commandFacts } from '../../src/cli/help/help.ts'
import { temporaryDir } from '../support/temporary.ts'
import { root, varve } from './varve.ts'

const page = readFileSync(path.join(root, 'docs/CLI.md'), 'utf8')

test('docs/CLI.md has every command with its options and no other', async () => {
  const named = [...page.matchAll(/^### varve (\S+)$/gm)].map((match) => match[1])
  expect(named).toEqual(commands.map(({ name }) => name))
  for (const entry of commands) {
    const facts = commandFacts(entry, (await entry.load()).command)
    const section = page.slice(page.indexOf(`### varve ${entry.name}\n`)).split(/^### varve /m)[1]!
    expect([...section.matchAll(/^\| `([^`]+)` \|/gm)].map((match) => match[1])).toEqual(
      facts.options.map(({ flags }) => flags),
    )
    for (const usage of facts.usage) expect(section).toContain(usage)
    expect(section).toContain(`JSON: \`${facts.json}\``)
  }
})

test('docs/CLI.md has every error code with its exit code', () => {
  const rows = [...page.matchAll(/^\| (\d+) \| `(VARVE_[A-Z_]+)` \|/gm)].map((match) => [
    match[2],
    Number(match[1]),
  ])
  expect(Object.fromEntries(rows)).toEqual({ ...exitCodes, VARVE_INTERNAL: 70 })
})

test('every command explains itself: description, examples that call it, JSON', async () => {
  for (const entry of commands) {
    const { command } = await entry.load()
    expect(command.usage.every((usage) => usage.startsWith(entry.name))).toBe(true)
    expect(command.description).toMatch(/\.$/)
    expect(command.json).not.toBe('')
    expect(command.examples.length).toBeGreaterThan(0)
    for (const [example] of command.examples) expect(example).toContain('varve ')
    const shorts = Object.values(command.options).flatMap(({ short }) => short ?? [])
    expect(new Set(shorts).size).toBe(shorts.length)
  }
})

test('docs/CLI.md defines every shape that the JSON of a command names', async () => {
  const shared = page.split('Shapes that commands share:')[1]!.split('```ts\n')[1]!.split('```')[0]!
  const defined = new Set([...shared.matchAll(/^(?:interface|type) (\w+)/gm)].map(([, name]) => name!))
  const unknown: string[] = []
  for (const { name, load } of commands) {
    const { json } = (await load()).command
    const own = new Set([...json.matchAll(/\b([A-Z]\w*) = /g)].map(([, one]) => one!))
    // Names of types stand where a type can: after ':', '|', '&' or '=', at the beginning, or before '[]'.
    for (const [, before, after] of json.matchAll(/(?:^|[:|&=(] )([A-Z][a-z]\w*)|\b([A-Z][a-z]\w*)\[\]/g)) {
      const used = (before ?? after)!
      if (!own.has(used) && !defined.has(used)) unknown.push(`${name}: ${used}`)
    }
  }
  expect(defined.size).toBeGreaterThan(15)
  expect(unknown).toEqual([])
})

test('the shapes that commands share are those that commands print', async () => {
  const folder = temporaryDir()
  const put = (text: string): void => writeFileSync(path.join(folder, 'people.csv'), text)
  const printed: [string, unknown][] = []
  const as = async (shape: string, argv: string[], codes = [0]): Promise<void> => {
    const { code, stdout, stderr } = await varve(['--json', ...argv], { cwd: folder })
    expect(codes, stderr).toContain(code)
    printed.push([shape, JSON.parse(stdout)])
  }
  const items = (shape: string): string => `{ items: ${shape}[] }`
  await varve(['init'], { cwd: folder })
  put('id,name\n1,Ann\n2,Bob\n')
  await varve(['track', 'people.csv', '--key', 'id'], { cwd: folder })
  await varve(['add', '.'], { cwd: folder })
  await as('CommitInfo', ['commit', '-m', 'One'])
  await varve(['switch', '-c', 'side'], { cwd: folder })
  put('id,name\n1,Anna\n2,Bob\n')
  await as(items('FileDiff'), ['diff'])
  await as(items('DiffStat'), ['diff', '--stat'])
  await as(items('PathChange'), ['diff', '--name-status'])
  await varve(['commit', '-am', 'Side'], { cwd: folder })
  await varve(['switch', 'main'], { cwd: folder })
  await as('MergeResult', ['merge', '--no-commit', '--no-ff', 'side'])
  await varve(['merge', '--abort'], { cwd: folder })
  put('id,name\n1,Anne\n2,Bob\n')
  await varve(['commit', '-am', 'Main'], { cwd: folder })
  await as('MergePreview', ['merge', '--dry-run', 'side'], [21])
  await as('MergeResult', ['merge', 'side'], [21])
  await as(items('ConflictInfo'), ['conflicts'])
  await varve(['merge', '--abort'], { cwd: folder })
  await as('TransferResult', ['push', path.join(folder, '..', `${path.basename(folder)}-hub`), 'main'])
  await as(items('CommitInfo'), ['log'])
  await as('BisectInfo & { testing: CommitInfo | null; steps: number; untold: string[] }', [
    'bisect',
    'start',
    'HEAD',
    'HEAD~1',
  ])
  expect(compileShapes(printed)).toBe('')
  expect(compileShapes([['MergeResult', { outcome: 'merged' }]])).toContain('TS')
})

/** What the compiler says of the values as literals: of what they lack, and of what no shape names. */
function compileShapes(printed: readonly (readonly [string, unknown])[]): string {
  const shared = page.split('Shapes that commands share:')[1]!.split('```ts\n')[1]!.split('```')[0]!
  const values = printed.map(([shape, value], i) => `export const v${i}: ${shape} = ${JSON.stringify(value)}`)
  const file = path.join(temporaryDir(), 'shapes.ts')
  writeFileSync(file, [shared, ...values].join('\n'))
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
  return spawnSync(process.execPath, [tsc, '--strict', '--noEmit', '--ignoreConfig', file], {
    encoding: 'utf8',
    cwd: path.dirname(file),
  }).stdout
}
