// Times commands of git and of varve side by side: the same step of both, one after the other, in turns, each in a
// directory of its own, several rounds; the table shows medians. Nothing is warmed up and nothing is left out. Beside
// the time that passed stands the processors' time: it says more where others are at work on the machine too.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** @typedef {'git' | 'varve'} Tool */
/** @typedef {{ ms: number, cpuMs: number | null, peakMiB: number | null, stdout: string }} Result */
/**
 * @typedef {object} Step
 * @property {string} name
 * @property {readonly string[] | null} git arguments; null: git has no such step
 * @property {readonly string[] | null} varve
 * @property {(dir: string, tool: Tool) => void} [before]
 * @property {(dir: string, tool: Tool, result: Result) => void} [after]
 */

const varveFile = fileURLToPath(new URL('../bin/varve.js', import.meta.url))
const timeProgram = existsSync('/usr/bin/time') ? '/usr/bin/time' : null

// Where it is set, each start of Node reads and sorts all certificates of the machine: 28 ms that say nothing about us.
const { NODE_EXTRA_CA_CERTS: _certificates, ...outside } = process.env

const environment = {
  ...outside,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada Lovelace',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
  GIT_COMMITTER_NAME: 'Ada Lovelace',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  VARVE_AUTHOR_NAME: 'Ada Lovelace',
  VARVE_AUTHOR_EMAIL: 'ada@example.org',
  VARVE_CONFIG: join(tmpdir(), 'varve-bench-has-no-config.json'),
}

/**
 * Runs one command to its end; it must succeed.
 * @param {string} cwd
 * @param {readonly string[]} command
 * @returns {Result}
 */
export function run(cwd, command) {
  const report = join(cwd, '..', 'peak-memory')
  const full = timeProgram === null ? command : [timeProgram, '-f', '%M %U %S', '-o', report, ...command]
  const start = performance.now()
  const child = spawnSync(full[0], full.slice(1), {
    cwd,
    env: environment,
    maxBuffer: 2 ** 30,
    encoding: 'utf8',
  })
  const ms = performance.now() - start
  if (child.status !== 0) {
    throw new Error(
      `'${command.join(' ')}' ended with ${child.status ?? child.error}: ${child.stderr.slice(0, 2000)}`,
    )
  }
  if (timeProgram === null) return { ms, cpuMs: null, peakMiB: null, stdout: child.stdout }
  const [peakKiB, user, system] = readFileSync(report, 'utf8').trim().split(' ').map(Number)
  return { ms, cpuMs: (user + system) * 1000, peakMiB: peakKiB / 1024, stdout: child.stdout }
}

/** @param {Tool} tool @param {readonly string[]} args */
export function commandOf(tool, args) {
  return tool === 'git'
    ? ['git', '-c', 'gc.auto=0', '-c', 'advice.detachedHead=false', ...args]
    : [process.execPath, varveFile, ...args]
}

/**
 * Runs all steps of both tools, `rounds` times from scratch, and prints a row a step.
 * @param {string} title
 * @param {readonly Step[]} steps
 * @param {number} rounds
 */
export function compare(title, steps, rounds) {
  /** @type {Map<string, Result[]>} */
  const results = new Map()
  for (let round = 0; round < rounds; round++) {
    const room = mkdtempSync(join(process.env.VARVE_BENCH_DIR ?? tmpdir(), 'varve-bench-'))
    const dirs = { git: mkdtempSync(join(room, 'git-')), varve: mkdtempSync(join(room, 'varve-')) }
    try {
      steps.forEach((step, i) => {
        /** @type {Tool[]} */
        const order = (round + i) % 2 === 0 ? ['git', 'varve'] : ['varve', 'git']
        for (const tool of order) runStep(step, tool, dirs[tool], results)
      })
    } finally {
      rmSync(room, { recursive: true, force: true })
    }
  }
  print(title, steps, results, rounds)
}

/** @param {Step} step @param {Tool} tool @param {string} dir @param {Map<string, Result[]>} results */
function runStep(step, tool, dir, results) {
  step.before?.(dir, tool)
  const args = step[tool]
  if (args === null) return
  const result = run(dir, commandOf(tool, args))
  const name = `${tool} ${step.name}`
  results.set(name, [...(results.get(name) ?? []), result])
  step.after?.(dir, tool, result)
}

/** @param {string} title @param {readonly Step[]} steps @param {Map<string, Result[]>} results @param {number} rounds */
function print(title, steps, results, rounds) {
  const rows = steps.map((step) => {
    const [git, varve] = [results.get(`git ${step.name}`), results.get(`varve ${step.name}`)]
    const [gitMs, varveMs] = [medianOf(git, 'ms'), medianOf(varve, 'ms')]
    const [gitCpu, varveCpu] = [medianOf(git, 'cpuMs'), medianOf(varve, 'cpuMs')]
    return [
      step.name,
      shown(gitMs),
      shown(varveMs),
      ratio(varveMs, gitMs),
      shown(gitCpu),
      shown(varveCpu),
      ratio(varveCpu, gitCpu),
      peak(git),
      peak(varve),
    ]
  })
  console.log(
    `\n${title} (median of ${rounds}; Node ${process.version}, ${process.platform} ${process.arch})\n`,
  )
  const head = ['step', 'git ms', 'varve ms', 'varve/git', 'git cpu ms', 'varve cpu ms', 'cpu varve/git']
  printTable([...head, 'git peak MiB', 'varve peak MiB'], rows)
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
export function printTable(head, rows) {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i].length)))
  /** @param {readonly string[]} row */
  const line = (row) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`
  console.log(line(head))
  console.log(
    `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`,
  )
  for (const row of rows) console.log(line(row))
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** @param {readonly Result[] | undefined} results @param {'ms' | 'cpuMs'} what */
function medianOf(results, what) {
  const values = results?.map((result) => result[what]) ?? []
  return values.length === 0 || values.some((value) => value === null) ? null : median(values)
}

/** @param {number | null} a @param {number | null} b */
function ratio(a, b) {
  return a === null || b === null || b === 0 ? '' : (a / b).toFixed(2)
}

/** @param {number | null} ms */
function shown(ms) {
  return ms === null ? '-' : ms.toFixed(0)
}

/** @param {readonly Result[] | undefined} results */
function peak(results) {
  if (results === undefined || results[0].peakMiB === null) return '-'
  return Math.max(...results.map(({ peakMiB }) => peakMiB ?? 0)).toFixed(0)
}

/** Bytes of all files below a directory. @param {string} dir @returns {number} */
export function bytesBelow(dir) {
  let bytes = 0
  for (const item of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, item.name)
    bytes += item.isDirectory() ? bytesBelow(path) : statSync(path).size
  }
  return bytes
}

/** The same numbers in each run: mulberry32. @param {number} seed @returns {() => number} integers below 2^32 */
export function randomFrom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}
