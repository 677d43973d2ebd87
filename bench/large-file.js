// One file of a gibibyte that does not compress: add, commit, checkout and their peak memory; then a second version
// with some bytes inserted in the middle, which should cost a few chunks, not a gibibyte.
import { createCipheriv } from 'node:crypto'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { bytesBelow, compare, printTable } from './measure.js'

const pieceBytes = 4 << 20
const pieces = 256
const file = 'large.bin'

/** The same noise each time; with `insert`, some bytes more in the middle. @param {string} dir @param {string} insert */
function writeNoise(dir, insert) {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16))
  const zeros = Buffer.alloc(pieceBytes)
  const handle = openSync(join(dir, file), 'w')
  for (let i = 0; i < pieces; i++) {
    if (i === pieces / 2) writeSync(handle, insert)
    writeSync(handle, cipher.update(zeros))
  }
  closeSync(handle)
}

/** @param {number} rounds */
export function bench(rounds) {
  /** @type {Record<string, Record<string, string>>} */
  const stored = { git: {}, varve: {} }
  /** @param {string} when @returns {(dir: string, tool: 'git' | 'varve') => void} */
  const note = (when) => (dir, tool) => {
    stored[tool][when] = (bytesBelow(join(dir, `.${tool}`)) / 1e6).toFixed(1)
  }
  /** @param {string} name @param {string[]} args */
  const both = (name, ...args) => ({ name, git: args, varve: args })
  compare(
    'one file of 1 GiB',
    [
      {
        name: 'init',
        git: ['init', '-q', '-b', 'main'],
        varve: ['init'],
        before: (dir) => writeNoise(dir, ''),
      },
      both('add', 'add', '.'),
      { ...both('commit', 'commit', '-q', '-m', 'first'), after: note('first version') },
      { ...both('add, bytes inserted', 'add', '.'), before: (dir) => writeNoise(dir, 'some bytes more') },
      { ...both('commit, bytes inserted', 'commit', '-q', '-m', 'second'), after: note('second version') },
      { ...both('restore', 'restore', file), before: (dir) => rmSync(join(dir, file)) },
    ],
    rounds,
  )
  console.log()
  printTable(
    ['stored', 'git MB', 'varve MB'],
    Object.keys(stored.varve).map((when) => [when, stored.git[when], stored.varve[when]]),
  )
}
