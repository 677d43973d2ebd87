// Holds real merges to laws that need no right answer: node bench/merges-laws.js DIR [--only TEXT]. Each case (the
// folders of bench/merges.js) is merged again with its sides changed in ways that must not matter: turned round, with
// other line ends, a byte order mark, another indent, no final newline. The verdict must be the same, and so must what
// the file says. Exit code 1 where it is not.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { mergeDocument } from '../dist/index.js'
import { contentOf } from './merges-rule.js'
import { casesIn } from './merges-cases.js'

const [dir, flag, only = ''] = process.argv.slice(2)
if (dir === undefined || !existsSync(dir) || (flag !== undefined && flag !== '--only')) {
  console.error('usage: node bench/merges-laws.js DIR [--only TEXT]')
  process.exit(2)
}

const latin = (bytes) => Buffer.from(bytes).toString('latin1')
const bytesOf = (text) => Buffer.from(text, 'latin1')
const isCrlf = (text) => text.includes('\r\n')
const crlf = (text) => (isCrlf(text) ? text : text.replaceAll('\n', '\r\n'))
const marked = (text) => (text.startsWith('\xef\xbb\xbf') ? text : `\xef\xbb\xbf${text}`)
const unended = (text) => text.replace(/\r?\n$/, '')
const indented = (text) => {
  try {
    return Buffer.from(
      JSON.stringify(JSON.parse(Buffer.from(text, 'latin1').toString('utf8')), null, 7),
    ).toString('latin1')
  } catch {
    return text
  }
}

function merge(sides, ext) {
  const merged = mergeDocument(sides, { name: `file${ext}` })
  if (merged.kind === 'unfit') return { verdict: 'unfit', of: () => null }
  const count = merged.conflicts.length
  return { verdict: count === 0 ? 'clean' : `${count} conflicts`, of: (side) => merged.render(() => side) }
}

/** What a text says, whatever the order. */
function said(bytes, ext) {
  const content = contentOf(bytes, ext)
  if (content === null) return latin(bytes).replaceAll('\r', '').replace('\xef\xbb\xbf', '').trimEnd()
  return [...content.items]
    .map(([item, count]) => `${item} ${count}`)
    .sort()
    .join('\n')
}

/** The same in the same order. */
function saidInOrder(bytes, ext) {
  const content = contentOf(bytes, ext)
  return content === null || ext === '.csv' || ext === '.tsv'
    ? latin(bytes).replaceAll('\r', '').replace('\xef\xbb\xbf', '').trimEnd()
    : [...content.whole.keys()].join('\n')
}

const changes = {
  'CRLF everywhere': ([b, o, t]) => [crlf(b), crlf(o), crlf(t)],
  'CRLF in ours': ([b, o, t]) => [b, crlf(o), t],
  'CRLF in theirs': ([b, o, t]) => [b, o, crlf(t)],
  'a mark everywhere': ([b, o, t]) => [marked(b), marked(o), marked(t)],
  'a mark in ours': ([b, o, t]) => [b, marked(o), t],
  'a mark in theirs': ([b, o, t]) => [b, o, marked(t)],
  'no final newline': ([b, o, t]) => [unended(b), unended(o), unended(t)],
  'no final newline in theirs': ([b, o, t]) => [b, o, unended(t)],
  'another indent in ours': ([b, o, t]) => [b, indented(o), t],
  'another indent in theirs': ([b, o, t]) => [b, o, indented(t)],
}

let faults = 0
let checks = 0
for (const { folder, ext } of casesIn(dir)) {
  if (!folder.includes(only)) continue
  const fault = (law, found) => {
    faults++
    console.log(`${path.relative(dir, folder)}: ${law}: ${found}`)
  }
  const check = (law, isHeld, found) => {
    checks++
    if (!isHeld) fault(law, found)
  }
  const [base, ours, theirs] = ['base', 'ours', 'theirs'].map((side) =>
    readFileSync(path.join(folder, side + ext)),
  )
  const plain = merge({ base, ours, theirs }, ext)
  const turned = merge({ base, ours: theirs, theirs: ours }, ext)
  check('sides turned round', turned.verdict === plain.verdict, `${plain.verdict}, then ${turned.verdict}`)
  if (turned.verdict === plain.verdict && plain.verdict !== 'unfit') {
    check(
      'sides turned round',
      said(plain.of('ours'), ext) === said(turned.of('theirs'), ext),
      'another content',
    )
  }
  for (const [name, change] of Object.entries(changes)) {
    const texts = [base, ours, theirs].map(latin)
    const after = change(texts)
    if (after.every((text, i) => text === texts[i])) continue
    const [b, o, t] = after.map(bytesOf)
    const changed = merge({ base: b, ours: o, theirs: t }, ext)
    check(name, changed.verdict === plain.verdict, `${plain.verdict}, then ${changed.verdict}`)
    if (changed.verdict !== plain.verdict || plain.verdict === 'unfit') continue
    const isSame = saidInOrder(changed.of('ours'), ext) === saidInOrder(plain.of('ours'), ext)
    check(name, isSame, 'another content')
  }
}
console.log(`${checks} checks, ${faults} faults`)
process.exit(faults > 0 ? 1 : 0)
