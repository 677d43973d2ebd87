// What became of a path or a row in a long history: the repositories of `scale-maker.ts`, each question asked twice by a process of
// its own, first with nothing kept, then by what the first has kept. Answers are compared.
// node bench/history-scale.js [--commits N]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { printTable } from './measure.js'

const here = (/** @type {string} */ file) => fileURLToPath(new URL(file, import.meta.url))
const at = process.argv.indexOf('--commits')
const commits = at < 0 ? 100_000 : Number(process.argv[at + 1])

/** @param {string} room */
async function makeRepositories(room) {
  const maker = here(`.scale-maker-${process.pid}.mjs`)
  const settings = { bundle: true, platform: 'node', format: 'esm', packages: 'external' }
  try {
    await build({ ...settings, entryPoints: [here('scale-maker.ts')], outfile: maker, logLevel: 'error' })
    const words = [maker, room, String(commits), '100', '10']
    const { status } = spawnSync(process.execPath, words, { stdio: 'inherit' })
    if (status !== 0) throw new Error('the repositories could not be made')
  } finally {
    rmSync(maker, { force: true })
  }
}

/** @param {string} dir @param {string[]} words */
function timed(dir, words) {
  const start = performance.now()
  // The shell adds up what its children took.
  const { stdout, status, stderr } = spawnSync(
    'bash',
    ['-c', '"$@"; times >&2', 'bash', process.execPath, here('../bin/varve.js'), ...words],
    { cwd: dir, encoding: 'utf8', maxBuffer: 1 << 30 },
  )
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`)
  const ms = performance.now() - start
  const [minutes, seconds, sysMinutes, sysSeconds] = (
    /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\n$/.exec(stderr)?.slice(1) ?? []
  ).map(Number)
  const cpuMs = 60_000 * ((minutes ?? 0) + (sysMinutes ?? 0)) + 1000 * ((seconds ?? 0) + (sysSeconds ?? 0))
  return { ms, cpuMs, stdout }
}

const questions = [
  ['log', '--oneline', 'never.txt'],
  ['log', '--oneline', 'notes/7.txt'],
  ['log', '--oneline', 'items'],
  ['log', '--oneline', 'items', '--key', '7'],
  ['blame', 'items', '--key', '7'],
  ['log', '--oneline', '--since', '2024-11-15'],
  ['log', '--oneline', '-n', '3'],
]

const room = mkdtempSync(join(process.env.VARVE_BENCH_DIR ?? tmpdir(), 'varve-bench-'))
try {
  await makeRepositories(room)
  const dir = join(room, 'deep')
  const rows = questions.map((words) => {
    rmSync(join(dir, 'cache'), { recursive: true, force: true })
    const [first, second] = [timed(dir, words), timed(dir, words)]
    if (first.stdout !== second.stdout) throw new Error(`${words.join(' ')}: two answers`)
    const figures = [first, second].flatMap(({ ms, cpuMs }) => [ms, cpuMs]).map((figure) => figure.toFixed(0))
    return [words.join(' '), String(first.stdout.split('\n').length - 1), ...figures]
  })
  printTable(['command', 'lines', 'first ms', 'its CPU ms', 'then ms', 'its CPU ms'], rows)
  timed(dir, ['log', '--oneline', 'items', '--key', '7'])
  console.log(
    `\nkept: ${(statSync(join(dir, 'cache/history')).size / 1e6).toFixed(1)} MB for ${commits} commits`,
  )
} finally {
  rmSync(room, { recursive: true, force: true })
}
