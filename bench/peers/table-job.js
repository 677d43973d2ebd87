// A million rows, a second version, what has changed, and a merge of two sides that edited different cells: half of
// each side's thousand cells are in rows that the other side edited too, in another column.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesBelow, randomFrom } from '../measure.js'
import { csvOf, file, makeRows } from '../table.js'

const editCount = 1000

/** @param {readonly string[][]} rows @param {(i: number) => number} rowOf @param {number} column @param {number} seed */
function edited(rows, rowOf, column, seed) {
  const random = randomFrom(seed)
  const next = [...rows]
  for (let i = 0; i < editCount; i++)
    next[rowOf(i)] = next[rowOf(i)].with(column, `edited ${random() % 10_000}`)
  return next
}

const schema = `create table people (id int primary key, name varchar(255), email varchar(255), city varchar(255),
  amount decimal(12,2), created_at varchar(32), active varchar(8), note varchar(255))`
/** Dolt keeps rows, not files: the file is loaded before a commit. @param {string} message */
const doltCommit = (message) => `dolt table import -r people ${file}; dolt add .; dolt commit -m ${message}`
/** @param {string} message */
const dvcCommit = (message) => `dvc add -q ${file}; git add -A; git commit -qm ${message}`
/** @param {string} message */
const gitCommit = (message) => `git add -A; git commit -qm ${message}`

/** @returns {{ title: string, steps: import('../peers.js').Step[] }} */
export function tableJob() {
  const rows = makeRows()
  const step = rows.length / editCount
  const second = edited(rows, (i) => i * step + 700, 3, 2)
  const ours = edited(second, (i) => i * step, 7, 3)
  const theirs = edited(second, (i) => i * step + (i % 2) * 300, 3, 4)
  const merged = ours.map((row, i) => (theirs[i] === second[i] ? row : row.with(3, theirs[i][3])))
  /** @param {readonly string[][]} content @returns {(dir: string) => void} */
  const write = (content) => (dir) => writeFileSync(join(dir, file), csvOf(content))
  const expected = csvOf(merged)
  /** @type {(dir: string, ended: import('../peers.js').Ended) => string} */
  const stored = (dir) => `${((bytesBelow(dir) - csvOf(second).length) / 1e6).toFixed(0)} MB stored`
  const lfsStart = `git init -q -b main; git lfs install >/dev/null; git lfs track '*.csv' >/dev/null`
  const dvcStart = 'git init -q -b main; dvc init -q'
  const doltStart = `dolt config --global --add user.name Ada; dolt config --global --add user.email ada@example.org;
    dolt config --global --add metrics.disabled true; dolt init; dolt sql -q '${schema}'`
  /** @param {string} name @param {Record<string, string | null>} scripts @param {Partial<import('../peers.js').Step>} [more] */
  const stepOf = (name, scripts, more) => ({ name, scripts, ...more })
  return {
    title: `${rows.length} rows x 8 columns, ${(expected.length / 1e6).toFixed(0)} MB of CSV`,
    steps: [
      stepOf(
        'first version',
        {
          varve: `varve init -q; varve track -q ${file} --key id; varve add .; varve commit -qm first`,
          git: `git init -q -b main; ${gitCommit('first')}`,
          lfs: `${lfsStart}; ${gitCommit('first')}`,
          dvc: `${dvcStart}; ${dvcCommit('first')}`,
          dolt: `${doltStart}; ${doltCommit('first')}`,
        },
        { before: write(rows) },
      ),
      stepOf(
        'second version, 1000 cells edited',
        {
          varve: 'varve commit -qam second',
          git: gitCommit('second'),
          lfs: gitCommit('second'),
          dvc: dvcCommit('second'),
          dolt: doltCommit('second'),
        },
        { before: write(second), outcome: orFailed(stored) },
      ),
      stepOf(
        'what has changed',
        {
          varve: 'varve diff HEAD~1..HEAD',
          git: 'git diff HEAD~1..HEAD',
          lfs: 'git diff HEAD~1..HEAD',
          dvc: 'dvc diff HEAD~1 HEAD',
          dolt: 'dolt diff HEAD~1 HEAD',
        },
        {
          outcome: orFailed((_, { stdout }) => (stdout.includes('edited ') ? 'cells or lines' : 'a file')),
        },
      ),
      stepOf(
        'a branch with 1000 cells edited',
        {
          varve: 'varve switch -qc theirs; varve commit -qam theirs',
          git: `git switch -qc theirs; ${gitCommit('theirs')}`,
          lfs: `git switch -qc theirs; ${gitCommit('theirs')}`,
          dvc: `git switch -qc theirs; ${dvcCommit('theirs')}`,
          dolt: `dolt checkout -b theirs; ${doltCommit('theirs')}`,
        },
        { before: write(theirs) },
      ),
      stepOf('back to main', {
        varve: 'varve switch -q main',
        git: 'git switch -q main',
        lfs: 'git switch -q main',
        dvc: 'git switch -q main; dvc checkout -q',
        dolt: 'dolt checkout main',
      }),
      stepOf(
        'there 1000 other cells',
        {
          varve: 'varve commit -qam ours',
          git: gitCommit('ours'),
          lfs: gitCommit('ours'),
          dvc: dvcCommit('ours'),
          dolt: doltCommit('ours'),
        },
        { before: write(ours) },
      ),
      stepOf(
        'merge',
        {
          varve: 'varve merge -qm merged theirs',
          git: 'git merge -qm merged theirs',
          lfs: 'git merge -qm merged theirs',
          dvc: 'git merge -qm merged theirs; dvc checkout -q',
          dolt: `dolt merge -m merged theirs; dolt table export -f people ${file} >/dev/null`,
        },
        {
          outcome: (dir, { status }) =>
            status !== 0
              ? 'conflict'
              : readFileSync(join(dir, file)).equals(expected)
                ? 'right'
                : 'not the file expected',
        },
      ),
    ],
  }
}

/** @param {(dir: string, ended: import('../peers.js').Ended) => string} word */
function orFailed(word) {
  /** @type {(dir: string, ended: import('../peers.js').Ended) => string} */
  return (dir, ended) => (ended.status === 0 ? word(dir, ended) : `failed: ${ended.stdout.slice(-300)}`)
}
