// The state of the working folder as `git status --short` and `--porcelain` have it: two letters a path, the first for what
// is staged, the second for what is not.
import type { ChangedEntry, PathChange, Status } from '../../../api/interface.ts'
import { compareBytes, utf8 } from '../../../base/bytes.ts'
import type { Output } from '../../output.ts'
import { visible } from '../../visible.ts'

export interface ShortForm {
  /** First the branch, and how it stands to the one that it follows. */
  readonly branch: boolean
  /** How a path is shown; it is made safe to print where `end` is a line's. */
  readonly shown: (path: string) => string
  /** For programs: each path as it is, ended by a NUL. */
  readonly nul: boolean
}

export const stateLetters: Readonly<Record<PathChange['state'], string>> = {
  added: 'A',
  modified: 'M',
  deleted: 'D',
  renamed: 'R',
  typechange: 'T',
}

/** By which of base, ours and theirs are there. */
const conflictLetters: Readonly<Record<string, string>> = {
  yyy: 'UU',
  nyy: 'AA',
  yyn: 'UD',
  yny: 'DU',
  nyn: 'AU',
  nny: 'UA',
  ynn: 'DD',
  nnn: 'UU',
}

export function conflictLettersOf({ base, ours, theirs }: NonNullable<ChangedEntry['sides']>): string {
  return conflictLetters[[base, ours, theirs].map((side) => (side === null ? 'n' : 'y')).join('')]!
}

export function printShortStatus(out: Output, status: Status, form: ShortForm): void {
  const print = (what: string, path: string, from?: string): void => {
    if (!form.nul)
      return out.line(`${what} ${from === undefined ? '' : `${form.shown(from)} -> `}${form.shown(path)}`)
    out.nulRecord(`${what} ${form.shown(path)}`)
    if (from !== undefined) out.nulRecord(form.shown(from))
  }
  if (form.branch) {
    const line = `## ${branchText(status)}`
    if (form.nul) out.nulRecord(line)
    else out.line(line)
  }
  for (const { path, what, from } of changedPaths(status)) print(what, path, from)
  for (const path of status.untracked) print('??', path)
  for (const path of status.ignored) print('!!', path)
}

interface Line {
  readonly path: string
  readonly what: string
  readonly from?: string | undefined
}

/** The lines in the order of their paths. */
function changedPaths({ staged, unstaged, unmerged, entries = [] }: Status): Line[] {
  const lines = new Map<string, Line>()
  for (const { path, state, from } of staged) lines.set(path, { path, what: `${stateLetters[state]} `, from })
  for (const { path, state } of unstaged) {
    const line = lines.get(path)
    lines.set(path, { path, from: line?.from, what: `${line?.what[0] ?? ' '}${stateLetters[state]}` })
  }
  const sides = new Map(entries.map((entry) => [entry.path, entry.sides]))
  for (const { path } of unmerged) {
    const held = sides.get(path)
    lines.set(path, { path, what: held === undefined ? 'UU' : conflictLettersOf(held) })
  }
  return [...lines.values()].sort((a, b) => compareBytes(utf8(a.path), utf8(b.path)))
}

function branchText({ branch, head, upstream }: Status): string {
  if (branch === null) return 'HEAD (no branch)'
  if (head === null) return `No commits yet on ${visible(branch)}`
  if (upstream === null) return visible(branch)
  const { ahead, behind } = upstream
  const apart = [ahead > 0 ? `ahead ${ahead}` : '', behind > 0 ? `behind ${behind}` : '']
  const told = apart.filter((part) => part !== '').join(', ')
  return `${visible(branch)}...${visible(upstream.name)}${told === '' ? '' : ` [${told}]`}`
}

/** As Git quotes names with spaces, quotes and control characters, so that a line is always one path. */
export function quotedPath(path: string): string {
  if (!/[\p{Cc} "\\]/u.test(path)) return path
  const escape = (character: string): string =>
    escapes[character] ?? `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`
  return `"${path.replaceAll(/[\p{Cc}"\\]/gu, escape)}"`
}

/** As Git quotes them in plain lists of names, where a space is no matter. */
export function quotedName(path: string): string {
  return /[\p{Cc}"\\]/u.test(path) ? quotedPath(path) : path
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
}
