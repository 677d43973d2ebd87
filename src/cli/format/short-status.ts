// The state of the working folder as `git status --short` and `--porcelain` have it: two letters a path, the first for what
// is staged, the second for what is not.
import type { PathChange, Status } from '../../api/interface.ts'
import type { Output } from '../output.ts'
import { visible } from '../visible.ts'

export interface ShortForm {
  /** First the branch, and how it stands to the one that it follows. */
  readonly branch: boolean
  /** How a path is shown; it is made safe to print where `end` is a line's. */
  readonly shown: (path: string) => string
  /** For programs: each path as it is, ended by a NUL. */
  readonly nul: boolean
}

const letters: Readonly<Record<PathChange['state'], string>> = {
  added: 'A',
  modified: 'M',
  deleted: 'D',
  renamed: 'R',
  typechange: 'T',
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
  const unmerged = new Set(status.unmerged.map(({ path }) => path))
  for (const path of unmerged) print('UU', path)
  const unstaged = new Map(status.unstaged.map((change) => [change.path, change]))
  for (const { path, state, from } of status.staged) {
    if (unmerged.has(path)) continue
    const second = unstaged.get(path)
    unstaged.delete(path)
    print(`${letters[state]}${second === undefined ? ' ' : letters[second.state]}`, path, from)
  }
  for (const { path, state } of unstaged.values()) if (!unmerged.has(path)) print(` ${letters[state]}`, path)
  for (const path of status.untracked) print('??', path)
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
