// Judges merges on real ones: npm run bench:merges -- DIR [--list] [--only TEXT]. DIR holds a folder a case with base.EXT,
// ours.EXT, theirs.EXT and result.EXT (what people committed), at any depth. Each case is merged with nothing declared
// by Varve (the code that `varve merge` runs for files), by `git merge-file` and by `git merge-file --union`.
//
// "wrong" is a clean merge that people did not commit and that no three-way rule explains (merges-rule.js).
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { mergeDocument } from '../dist/index.js'
import { contentOf, breaksKey, isLawful, sameContent } from './merges-rule.js'
import { casesIn } from './merges-cases.js'
import { printTable } from './measure.js'

const tools = ['git', 'git --union', 'varve']
const formOf = {
  '.csv': 'tables',
  '.tsv': 'tables',
  '.json': 'JSON',
  '.geojson': 'JSON',
  '.jsonl': 'JSON',
  '.yaml': 'YAML',
  '.yml': 'YAML',
}

const [dir, ...options] = process.argv.slice(2)
if (dir === undefined || !existsSync(dir)) {
  console.error('usage: npm run bench:merges -- DIR [--list] [--only TEXT]')
  process.exit(2)
}
const lists = options.includes('--list')
const only = options.includes('--only') ? options[options.indexOf('--only') + 1] : ''

function gitMerge(folder, ext, args) {
  const file = (side) => path.join(folder, `${side}${ext}`)
  const started = performance.now()
  const { status, stdout } = spawnSync(
    'git',
    ['merge-file', '-p', '-q', ...args, file('ours'), file('base'), file('theirs')],
    {
      maxBuffer: 1 << 30,
    },
  )
  return { bytes: stdout, isClean: status === 0, ms: performance.now() - started }
}

function varveMerge(sides, name) {
  const started = performance.now()
  const merged = mergeDocument(sides, { name })
  const isClean = merged.kind === 'merged' && merged.conflicts.length === 0
  const bytes = merged.kind === 'merged' ? merged.render() : sides.ours
  const reason =
    merged.kind === 'unfit'
      ? merged.reason
      : merged.conflicts.length === 0
        ? ''
        : conflictsText(merged.conflicts)
  return { bytes, isClean, ms: performance.now() - started, basis: merged.basis ?? merged.reason, reason }
}

function conflictsText(conflicts) {
  const counts = new Map()
  for (const { kind } of conflicts) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
}

function verdictOf(merged, sides, ext) {
  const { bytes, isClean } = merged
  if (!isClean) return { ...merged, verdict: 'conflict', sameBytes: false }
  const sameBytes = Buffer.compare(bytes, sides.result) === 0
  const content = contentOf(bytes, ext)
  if (sameBytes || sameContent(content, contentOf(sides.result, ext)))
    return { ...merged, verdict: 'solved', sameBytes }
  const others = {
    base: contentOf(sides.base, ext),
    ours: contentOf(sides.ours, ext),
    theirs: contentOf(sides.theirs, ext),
  }
  if (content === null) return { ...merged, verdict: others.ours === null ? 'other' : 'wrong', sameBytes }
  if (Object.values(others).includes(null)) return { ...merged, verdict: 'other', sameBytes }
  const isWrong = !isLawful(content, others) || breaksKey(content, others)
  return { ...merged, verdict: isWrong ? 'wrong' : 'other', sameBytes }
}

const rows = []
const temporary = mkdtempSync(path.join(tmpdir(), 'varve-merges-'))
for (const { folder, ext } of casesIn(dir)) {
  if (!folder.includes(only) || !(ext in formOf)) continue
  const meta = path.join(folder, 'meta.json')
  const name = existsSync(meta) ? (JSON.parse(readFileSync(meta, 'utf8')).path ?? `file${ext}`) : `file${ext}`
  const sides = Object.fromEntries(
    ['base', 'ours', 'theirs', 'result'].map((side) => [
      side,
      readFileSync(path.join(folder, `${side}${ext}`)),
    ]),
  )
  const merged = {
    git: verdictOf(gitMerge(folder, ext, []), sides, ext),
    'git --union': verdictOf(gitMerge(folder, ext, ['--union']), sides, ext),
    varve: verdictOf(varveMerge(sides, name), sides, ext),
  }
  rows.push({ name: path.relative(dir, folder), form: formOf[ext], merged })
  if (lists) {
    const { varve, git } = merged
    const bytes = varve.verdict === 'solved' ? (varve.sameBytes ? ' (same bytes)' : '') : ''
    console.log(
      `${rows.at(-1).name}  git: ${git.verdict}  varve: ${varve.verdict}${bytes}  ${varve.reason || varve.basis}  ${Math.round(varve.ms)} ms`,
    )
  }
}
rmSync(temporary, { recursive: true, force: true })
if (rows.length === 0) {
  console.error(`no cases in ${dir}`)
  process.exit(1)
}

const share = (part, all) => (all === 0 ? '-' : `${part} (${Math.round((100 * part) / all)} %)`)
for (const form of ['tables', 'JSON', 'YAML']) {
  const own = rows.filter((row) => row.form === form)
  if (own.length === 0) continue
  const clashing = own.filter(({ merged }) => merged.git.verdict === 'conflict')
  console.log(`\n${form}: ${own.length} merges, of which ${clashing.length} are line conflicts of git\n`)
  printTable(
    [
      '',
      'solved',
      'of the line conflicts',
      'same bytes, of solved',
      'clean, other than people',
      'wrong',
      'conflict',
      'ms',
    ],
    tools.map((tool) => {
      const of = (verdict, among = own) =>
        among.filter(({ merged }) => merged[tool].verdict === verdict).length
      const solved = own.filter(({ merged }) => merged[tool].verdict === 'solved')
      return [
        tool,
        share(solved.length, own.length),
        share(of('solved', clashing), clashing.length),
        share(solved.filter(({ merged }) => merged[tool].sameBytes).length, solved.length),
        String(of('other')),
        String(of('wrong')),
        String(of('conflict')),
        String(Math.round(own.reduce((sum, { merged }) => sum + merged[tool].ms, 0))),
      ]
    }),
  )
}
const gitSolved = rows.filter(({ merged }) => merged.git.verdict === 'solved')
const kept = gitSolved.filter(({ merged }) => merged.varve.verdict === 'solved')
const solved = rows.filter(({ merged }) => merged.varve.verdict === 'solved')
console.log(`\nof ${gitSolved.length} that git solves, varve solves ${share(kept.length, gitSolved.length)}`)
console.log(
  `same bytes as people's, of all that varve solves: ${share(solved.filter(({ merged }) => merged.varve.sameBytes).length, solved.length)}`,
)
const open = rows.filter(({ merged }) => merged.varve.verdict !== 'solved')
console.log(`\nnot solved (${open.length}):`)
for (const { name, merged } of open) {
  const { verdict, reason, basis } = merged.varve
  console.log(
    `  ${name}: ${verdict === 'conflict' ? `conflict: ${reason}` : verdict === 'wrong' ? `WRONG (${basis})` : `clean by the rule, people committed something else (${basis})`}`,
  )
}
process.exit(open.some(({ merged }) => merged.varve.verdict === 'wrong') ? 1 : 0)
