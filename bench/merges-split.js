// Splits real changes between two people: node bench/merges-split.js DIR [--only TEXT] [--seeds N]. Of each case (the folders of
// bench/merges.js) the line changes from the base to one side are dealt out at random to ours and theirs; merging the
// two must give back that side, or conflict. What a clean merge should be is known here without anybody's judgement.
// Exit code 1 where a clean merge is something else.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { mergeDocument } from '../dist/index.js'
import { contentOf, sameContent } from './merges-rule.js'
import { casesIn } from './merges-cases.js'
import { randomFrom } from './measure.js'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string', default: '' }, seeds: { type: 'string', default: '3' } },
})
const [dir] = positionals
if (dir === undefined || !existsSync(dir)) {
  console.error('usage: node bench/merges-split.js DIR [--only TEXT] [--seeds N]')
  process.exit(2)
}

/** Lines with their ends, as latin1. */
const linesOf = (text) => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

/** Places of changed lines: [from, to) of the base, and of the side. */
function hunksOf(base, side) {
  const diff = gitDiff(base, side)
  return [...diff.matchAll(/^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/gm)].map(([, a, n, b, m]) => {
    const [lengthA, lengthB] = [Number(n ?? 1), Number(m ?? 1)]
    const [startA, startB] = [Number(a) - (lengthA > 0 ? 1 : 0), Number(b) - (lengthB > 0 ? 1 : 0)]
    return { a: [startA, startA + lengthA], b: [startB, startB + lengthB] }
  })
}

function gitDiff(base, side) {
  const args = ['diff', '--no-index', '--text', '--no-ext-diff', '--no-color', '--minimal', '-U0', base, side]
  try {
    return execFileSync('git', args, { encoding: 'latin1', maxBuffer: 1 << 28 })
  } catch (error) {
    if (error.status === 1) return error.stdout
    throw error
  }
}

function apply(base, side, hunks) {
  const parts = []
  let at = 0
  for (const { a, b } of hunks) {
    parts.push(...base.slice(at, a[0]), ...side.slice(b[0], b[1]))
    at = a[1]
  }
  return Buffer.from([...parts, ...base.slice(at)].join(''), 'latin1')
}

const counts = { same: 0, content: 0, order: 0, conflict: 0, unfit: 0, wrong: 0 }
for (const { folder, ext } of casesIn(dir)) {
  if (!folder.includes(values.only)) continue
  const read = (name) => readFileSync(path.join(folder, `${name}${ext}`))
  const base = read('base')
  for (const name of ['ours', 'theirs', 'result']) {
    const side = read(name)
    const hunks = hunksOf(path.join(folder, `base${ext}`), path.join(folder, `${name}${ext}`))
    if (hunks.length < 2) continue
    const [baseLines, sideLines] = [base, side].map((bytes) => linesOf(bytes.toString('latin1')))
    for (let seed = 1; seed <= Number(values.seeds); seed++) {
      const random = randomFrom(seed * 7919)
      const dealt = hunks.map(() => random() < 2 ** 31)
      const [ours, theirs] = [true, false].map((to) =>
        apply(
          baseLines,
          sideLines,
          hunks.filter((_, i) => dealt[i] === to),
        ),
      )
      const merged = mergeDocument({ base, ours, theirs }, { name: `file${ext}` })
      const verdict = verdictOf(merged, side, ext)
      counts[verdict]++
      if (verdict === 'wrong') console.log(`wrong: ${folder} ${name} seed ${seed}: ${merged.basis}`)
    }
  }
}

function verdictOf(merged, side, ext) {
  if (merged.kind === 'unfit') return 'unfit'
  if (merged.conflicts.length > 0) return 'conflict'
  const bytes = Buffer.from(merged.render())
  if (bytes.equals(side)) return 'same'
  const [got, wanted] = [contentOf(bytes, ext), contentOf(side, ext)]
  if (got !== null && wanted !== null && sameContent(got, wanted)) return 'content'
  return sortedLines(bytes) === sortedLines(side) ? 'order' : 'wrong'
}

/** What both put into one place of a list without names may stand there either way. */
function sortedLines(bytes) {
  const lines = bytes.toString('latin1').split('\n')
  return lines
    .map((line) => line.trimEnd().replace(/,$/, ''))
    .sort()
    .join('\n')
}

const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
console.log(
  `${all} merges: ${Object.entries(counts)
    .map(([verdict, count]) => `${verdict} ${count}`)
    .join(', ')}`,
)
process.exitCode = counts.wrong > 0 ? 1 : 0
