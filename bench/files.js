// A hundred thousand small files in a thousand directories: the first add and commit, an unchanged status, and a
// second version with a hundred files changed.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesBelow, compare, printTable, randomFrom } from './measure.js'

const directoryCount = 1000
const filesInEach = 100

/** @param {string} dir @param {number} [count] of directories */
export function writeFiles(dir, count = directoryCount) {
  const random = randomFrom(1)
  for (let i = 0; i < count; i++) {
    const directory = join(dir, 'data', `part-${String(i).padStart(4, '0')}`)
    mkdirSync(directory, { recursive: true })
    for (let j = 0; j < filesInEach; j++)
      writeFileSync(join(directory, `item-${j}.json`), item(i * filesInEach + j, random))
  }
}

/** @param {number} id @param {() => number} random */
function item(id, random) {
  const points = Array.from({ length: 5 + (random() % 60) }, () => random() % 100_000)
  return `${JSON.stringify({ id, label: `item ${id}`, points }, null, 1)}\n`
}

/** @param {string} dir */
function changeSome(dir) {
  const random = randomFrom(2)
  for (let i = 0; i < 100; i++) {
    writeFileSync(
      join(dir, 'data', `part-${String((i * directoryCount) / 100).padStart(4, '0')}`, 'item-7.json'),
      item(i, random),
    )
  }
}

/** @param {number} rounds */
export function bench(rounds) {
  /** @type {Record<string, string>} */
  const stored = {}
  /** @param {string} name @param {string[]} args */
  const both = (name, ...args) => ({ name, git: args, varve: args })
  compare(
    `${directoryCount * filesInEach} small files`,
    [
      { name: 'init', git: ['init', '-q', '-b', 'main'], varve: ['init'], before: (dir) => writeFiles(dir) },
      both('add', 'add', '.'),
      {
        ...both('commit', 'commit', '-q', '-m', 'first'),
        after: (dir, tool) => {
          stored[tool] = (bytesBelow(join(dir, `.${tool}`)) / 1e6).toFixed(1)
        },
      },
      both('status, nothing changed', 'status', '-s'),
      { ...both('status, 100 files changed', 'status', '-s'), before: changeSome },
      both('add, 100 files changed', 'add', '.'),
      both('commit, 100 files changed', 'commit', '-q', '-m', 'second'),
      both('diff --stat of the two', 'diff', '--stat', 'HEAD~1..HEAD'),
      both('switch --detach HEAD~1', 'switch', '-q', '--detach', 'HEAD~1'),
    ],
    rounds,
  )
  console.log()
  printTable(['stored', 'git MB', 'varve MB'], [['first version', stored.git, stored.varve]])
}
