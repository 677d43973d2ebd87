// The same jobs by varve and by the tools people use for them today: Git, Git LFS, DVC and Dolt, each as its own
// documentation says, in one run: `node bench/peers.js [table|files] [--only NAME,…] [--files N]`. A tool that is not on the
// PATH is left out. A step is a script for bash in a folder of the tool's own; its times are those of all its commands.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { printTable } from './measure.js'
import { filesJob } from './peers/files-job.js'
import { tableJob } from './peers/table-job.js'

/** @typedef {{ name: string, version: string }} Peer */
/**
 * @typedef {object} Step
 * @property {string} name
 * @property {Record<string, string | null>} scripts by the tool's name; null or none: it has no such step
 * @property {(dir: string) => void} [before] not timed
 * @property {(dir: string, ended: Ended) => string} [outcome] a word on what came out; without it, a failure ends the run
 */
/** @typedef {{ status: number, ms: number, cpuMs: number, peakMiB: number, stdout: string }} Ended */

const bin = fileURLToPath(new URL('../bin/varve.js', import.meta.url))
const peers = [
  { name: 'varve', version: 'varve --version' },
  { name: 'git', version: 'git --version' },
  { name: 'lfs', version: 'git lfs version' },
  { name: 'dvc', version: 'dvc --version' },
  { name: 'dolt', version: 'dolt version' },
]

/** @param {string} home a folder of its own for all settings @returns {NodeJS.ProcessEnv} */
function environmentIn(home) {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, HOME: home, DOLT_ROOT_PATH: home, XDG_CONFIG_HOME: join(home, 'config') }
  for (const who of ['GIT_AUTHOR', 'GIT_COMMITTER', 'VARVE_AUTHOR']) {
    env[`${who}_NAME`] = 'Ada Lovelace'
    env[`${who}_EMAIL`] = 'ada@example.org'
  }
  return { ...env, DVC_NO_ANALYTICS: '1', VARVE_BENCH_BIN: bin, VARVE_BENCH_NODE: process.execPath }
}

const prelude = 'set -euo pipefail; varve() { "$VARVE_BENCH_NODE" "$VARVE_BENCH_BIN" "$@"; }\n'

/** @param {string} dir @param {string} script @param {NodeJS.ProcessEnv} env @returns {Ended} */
function runScript(dir, script, env) {
  const report = join(dir, '..', 'times')
  const start = performance.now()
  const child = spawnSync(
    '/usr/bin/time',
    ['-q', '-f', '%M %U %S', '-o', report, 'bash', '-c', prelude + script],
    { cwd: dir, env, encoding: 'utf8', maxBuffer: 2 ** 30 },
  )
  const ms = performance.now() - start
  const [peakKiB, user, system] = readFileSync(report, 'utf8').trim().split(' ').map(Number)
  if (child.status === null) throw child.error ?? new Error(`'${script}' was killed`)
  const stdout = child.stdout + (child.status === 0 ? '' : child.stderr)
  return { status: child.status, ms, cpuMs: (user + system) * 1000, peakMiB: peakKiB / 1024, stdout }
}

/** @param {string} title @param {readonly Step[]} steps @param {readonly string[]} names */
function compare(title, steps, names) {
  const room = mkdtempSync(join(process.env.VARVE_BENCH_DIR ?? tmpdir(), 'varve-peers-'))
  const rows = steps.map((step) => [step.name, ...names.map(() => '-')])
  try {
    names.forEach((name, column) => {
      const [dir, home] = [join(room, name, 'work'), join(room, name, 'home')]
      mkdirSync(dir, { recursive: true })
      mkdirSync(home)
      steps.forEach((step, i) => {
        step.before?.(dir)
        const script = step.scripts[name]
        if (typeof script !== 'string') return
        const ended = runScript(dir, script, environmentIn(home))
        if (ended.status !== 0 && step.outcome === undefined)
          throw new Error(`${name}, ${step.name}: ended with ${ended.status}: ${ended.stdout.slice(-2000)}`)
        const word = step.outcome?.(dir, ended) ?? ''
        rows[i][column + 1] =
          `${(ended.ms / 1000).toFixed(2)} s (${(ended.cpuMs / 1000).toFixed(1)} cpu)${word && `, ${word}`}`
        console.error(`${name}: ${step.name}: ${rows[i][column + 1]}, ${ended.peakMiB.toFixed(0)} MiB`)
      })
      rmSync(join(room, name), { recursive: true, force: true })
    })
  } finally {
    rmSync(room, { recursive: true, force: true })
  }
  console.log(`\n${title}\n`)
  printTable(['step', ...names], rows)
}

const args = process.argv.slice(2)
/** @param {string} flag */
const valueOf = (flag) => {
  const at = args.indexOf(flag)
  return at === -1 ? undefined : args.splice(at, 2)[1]
}
const only = valueOf('--only')?.split(',')
const fileCount = Number(valueOf('--files') ?? 100_000)
const versions = new Map()
for (const { name, version } of peers) {
  if (only !== undefined && !only.includes(name)) continue
  const child = spawnSync('bash', ['-c', prelude + version], {
    env: environmentIn(tmpdir()),
    encoding: 'utf8',
  })
  if (child.status === 0) versions.set(name, child.stdout.trim().split('\n')[0])
  else console.error(`${name} is not there, and left out`)
}
console.log([...versions].map(([name, version]) => `${name}: ${version}`).join('; '))
const jobs = args.length > 0 ? args : ['table', 'files']
for (const job of jobs) {
  const { title, steps } = job === 'table' ? tableJob() : filesJob(fileCount)
  const able = [...versions.keys()].filter((name) => steps.some((step) => step.scripts[name]))
  compare(title, steps, able)
}
