// The history of a table: 100,000 rows, 200 commits of which 20 change 50 scattered rows each. Blame of the whole table
// and of one row, the log of one row, beside what Git has for lines. Git's history is made once and imported, so both
// tools look at the same commits; their answers are compared.
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandOf, compare, randomFrom, run } from './measure.js'

const rowCount = 100_000
const commitCount = 200
const touchEvery = 10
const editsOfVersion = 50
/** Changed by every version of the table, and by none after the first. */
const [oftenChanged, neverChanged] = [50_001, 70_001]
const file = 'people.csv'

/** @param {number} id @param {string} city */
function line(id, city) {
  return `${id},name ${id},mail${id}@example.org,${city},${(id * 7919) % 100_000}`
}

/** @param {string} dir */
function makeHistory(dir) {
  /** @param {string[]} args */
  const git = (...args) => run(dir, commandOf('git', args))
  const random = randomFrom(7)
  const rows = Array.from({ length: rowCount }, (_, i) => line(i + 1, `city ${i % 100}`))
  const write = () => writeFileSync(join(dir, file), `id,name,mail,city,amount\n${rows.join('\n')}\n`)
  git('init', '-q', '-b', 'main')
  writeFileSync(join(dir, 'varve.yaml'), `tables:\n  ${file}:\n    key: id\n`)
  write()
  for (let commit = 0; commit < commitCount; commit++) {
    if (commit % touchEvery === touchEvery / 2) {
      for (const id of [
        oftenChanged,
        ...Array.from({ length: editsOfVersion - 1 }, () => 1 + (random() % rowCount)),
      ])
        if (id !== neverChanged) rows[id - 1] = line(id, `moved in ${commit}`)
      write()
    }
    appendFileSync(join(dir, 'notes.txt'), `note ${commit}\n`)
    git('add', '.')
    git('commit', '-q', '-m', `commit ${commit}`)
  }
}

/** @param {number} rounds */
export function bench(rounds) {
  const room = mkdtempSync(join(process.env.VARVE_BENCH_DIR ?? tmpdir(), 'varve-bench-'))
  const source = mkdtempSync(join(room, 'source-'))
  try {
    makeHistory(source)
    compareHistories(source, rounds)
  } finally {
    rmSync(room, { recursive: true, force: true })
  }
}

/** @param {string} source @param {number} rounds */
function compareHistories(source, rounds) {
  /** @type {Map<string, string>} */
  const answers = new Map()
  /**
   * Both tools' answers, made alike by `of`, must be the same.
   * @param {string} name @param {(stdout: string, tool: string) => string} of
   * @returns {(dir: string, tool: string, result: { stdout: string }) => void}
   */
  const same =
    (name, of) =>
    (_, tool, { stdout }) => {
      const answer = of(stdout, tool)
      const other = answers.get(name) ?? answer
      answers.set(name, answer)
      if (answer !== other || answer === '') throw new Error(`${name}: '${answer}' is not '${other}'`)
    }
  /** How many rows each author date answers for: commits have other names in the two. @param {string} stdout */
  const rowsPerDate = (stdout) => {
    /** @type {Map<string, number>} */
    const counts = new Map()
    for (const [, date, text] of stdout.matchAll(/(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [-+]\d{4}) *\d*\) (.*)/g))
      if (!text.startsWith('id,')) counts.set(date, (counts.get(date) ?? 0) + 1)
    return [...counts]
      .map((count) => count.join(' '))
      .sort()
      .join(', ')
  }
  /** @param {string} stdout */
  const subjects = (stdout) => [...stdout.matchAll(/\bcommit \d+$/gm)].join(' ')
  /** @param {number} id */
  const logOfRow = (id) => ({
    name: `log of row ${id}`,
    git: ['log', '-s', '--format=%s', '-L', `/^${id},/,+1:${file}`],
    varve: ['log', file, '--key', String(id), '--oneline'],
    after: same(`log ${id}`, (stdout) => subjects(stdout.replaceAll(/^ .*\n/gm, ''))),
  })
  compare(
    `${rowCount} rows, ${commitCount} commits, ${commitCount / touchEvery} of them change ${editsOfVersion} rows`,
    [
      { name: 'init', git: ['init', '-q'], varve: ['init'] },
      { name: 'get the history', git: ['pull', '-q', source, 'main'], varve: ['import', 'git', source] },
      {
        name: 'blame of the table',
        git: ['blame', file],
        varve: ['blame', file],
        after: same('blame', rowsPerDate),
      },
      { name: 'blame of one column', git: null, varve: ['blame', file, '--column', 'city'] },
      {
        name: `blame of row ${oftenChanged}`,
        git: ['blame', '-L', `/^${oftenChanged},/,+1`, file],
        varve: ['blame', file, '--key', String(oftenChanged), '--column', 'city'],
        after: same('blame of a row', rowsPerDate),
      },
      {
        name: `blame of row ${neverChanged}`,
        git: ['blame', '-L', `/^${neverChanged},/,+1`, file],
        varve: ['blame', file, '--key', String(neverChanged)],
      },
      logOfRow(oftenChanged),
      logOfRow(neverChanged),
      {
        name: 'when a value came (log -S)',
        git: ['log', '--oneline', '-S', `mail${oftenChanged}@example.org,moved in 195`, '--', file],
        varve: ['log', file, '--key', String(oftenChanged), '--column', 'city', '-1'],
      },
      {
        name: 'log of the file',
        git: ['log', '--oneline', '--follow', file],
        varve: ['log', '--oneline', file],
      },
    ],
    rounds,
  )
}
