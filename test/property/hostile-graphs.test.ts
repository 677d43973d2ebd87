// What another's remote may hold: objects whose names are right and whose contents are not. Whatever is done with them ends
// soon, with an error that says what is wrong, and writes nothing outside the folder; and fsck names what no reader of
// the format would read. VARVE_TEST_SECONDS makes it longer, VARVE_TEST_SEED repeats a run.
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { noise } from '../chunking/noise.ts'
import { put, run } from '../format/written-repositories.ts'
import { runHere } from '../support/run-here.ts'
import { casesMax, seedOf } from '../support/seed.ts'
import { temporaryDir } from '../support/temporary.ts'
import { refusal } from './hostile-reading.ts'
import { type Graph, graphOf, malformed, storeGraph } from './hostile-graph.ts'
import { Random } from './hostile-values.ts'

const seconds = Number(process.env['VARVE_TEST_SECONDS'] ?? 40)
const seed = seedOf(process.env['VARVE_TEST_SEED'])

/** Two branches with a merge behind them, files in chunks, tables of several leaves in their own order, a tag. */
async function sample(): Promise<Graph> {
  const folder = temporaryDir()
  const people = (from: number): string =>
    `id,name,n\n${Array.from({ length: 400 }, (_, i) => `${(i * 7) % 400},name ${i},${i + from}\n`).join('')}`
  await run(folder, 'init')
  put(folder, 'a.txt', 'a\n')
  put(folder, 'd/big.bin', noise(300_000, 1))
  put(folder, 'people.csv', people(0))
  put(folder, 'rows.jsonl', `{"id": 1, "t": "${'x'.repeat(1500)}"}\n{"id": 2, "t": null}\n`)
  await run(folder, 'track people.csv --key id', 'track rows.jsonl --key id', 'add .', 'commit -m first')
  await run(folder, 'switch -c other')
  put(folder, 'people.csv', people(1))
  put(folder, 'a.txt', 'other\n')
  await run(folder, 'commit -am other', 'switch main')
  put(folder, 'b.txt', 'b\n')
  await run(folder, 'add .', 'commit -m second', 'merge other -m merged', 'switch other')
  put(folder, 'people.csv', people(2))
  await run(folder, 'commit -am again', 'switch main')
  put(folder, 'people.csv', people(3))
  await run(folder, 'commit -am last', 'tag -a v1 -m words')
  return graphOf(path.join(folder, '.varve'))
}

const inside = [
  'fsck',
  'log --stat -p --all --graph',
  'log --format=%H%ad%aI%s%d%p --all --date=iso',
  'log --key 3 people.csv',
  'shortlog',
  'show v1',
  'ls -l',
  'diff --stat main other',
  'diff main other',
  'cat main:people.csv',
  'cat main:d/big.bin',
  'blame main:people.csv',
  'export -o out.jsonl main:people.csv',
  'export -o out.csv main:rows.jsonl',
  'merge-base main other',
  'describe',
  'switch other',
  'merge main -m m',
  'merge --abort',
  'status',
  'branch -v',
  'check',
  'gc',
]

const outside = [
  'clone ../hostile cloned',
  'clone --depth 1 ../hostile shallow',
  'clone --filter people.csv ../hostile partial',
  'remote add origin ../hostile',
  'fetch origin',
  'pull origin main',
  'fetch --depth 2 origin',
  'bundle create b.bundle --all',
]

/** Exit codes that say what is wrong; 70 is an error that nobody expected. */
async function runAll(
  folder: string,
  commands: readonly string[],
  faults: string[],
): Promise<Map<string, string>> {
  const said = new Map<string, string>()
  for (const command of commands) {
    const before = process.cpuUsage()
    const { code, stdout, stderr } = await runHere(command.split(' '), folder)
    const { user, system } = process.cpuUsage(before)
    said.set(command, `${code} ${stdout}${stderr}`)
    if (code === 70) faults.push(`varve ${command}: ${stderr.slice(0, 700)}`)
    if (user + system > 10e6) faults.push(`varve ${command} took ${(user + system) / 1e6} s`)
  }
  return said
}

/** Files that no command should have written. */
function strays(folder: string): string[] {
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return all.filter((name) => {
    if (!name.startsWith('victim')) return !name.startsWith('hostile')
    return /(^|\/)\.(varve|git)\/(.*\/)?evil/i.test(name)
  })
}

test(
  'well-named objects with wrong contents',
  async () => {
    const random = new Random(seed)
    const graph = await sample()
    const end = performance.now() + seconds * 1000
    const memory = process.memoryUsage().rss
    const all: string[][] = []
    let refused = 0
    const last = casesMax(60)
    for (let i = 0; i < 5 || (i < last && performance.now() < end); i++) {
      const faults: string[] = []
      const bad = malformed(graph, random)
      const folder = temporaryDir()
      const [hostile, victim] = ['hostile/.varve', 'victim/work'].map((name) => path.join(folder, name))
      await storeGraph(hostile!, bad.graph)
      mkdirSync(victim!, { recursive: true })
      await runAll(victim!, ['init'], faults)
      put(victim!, 'mine.txt', 'mine')
      await runAll(victim!, ['add .', 'commit -m mine', ...outside], faults)
      const why = refusal(path.join(folder, 'hostile/.varve'))
      const said = await runAll(path.join(folder, 'hostile'), inside, faults)
      if (why !== null) {
        refused++
        if (said.get('fsck')!.startsWith('0')) faults.push(`fsck finds all whole, though ${why}`)
      }
      faults.push(...strays(folder).map((name) => `wrote ${name}`))
      if (faults.length > 0) all.push([`case ${i}, ${bad.what}`, ...faults])
      rmSync(folder, { recursive: true })
    }
    expect(all, `${all.length} cases of seed ${seed}`).toEqual([])
    expect(refused).toBeGreaterThan(0)
    expect(process.memoryUsage().rss - memory).toBeLessThan(700 << 20)
  },
  (seconds + 240) * 1000,
)
