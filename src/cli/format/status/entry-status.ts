// The state of the working folder as `git status --porcelain=v2` has it: with the modes and the names of contents in history,
// in the index and, of a merge in progress, on each side. The names are Varve's own, of 64 digits.
import type { ChangedEntry, EntryInfo, PathChange, Status } from '../../../api/interface.ts'
import { compareBytes, utf8 } from '../../../base/bytes.ts'
import type { Output } from '../../output.ts'
import { visible } from '../../visible.ts'
import { type ShortForm, conflictLettersOf, stateLetters } from './short-status.ts'

const noMode = '000000'
const noId = '0'.repeat(64)
/** No submodule. */
const submodule = 'N...'

export function printEntryStatus(
  out: Output,
  status: Status,
  { branch, shown, nul, stashes }: ShortForm & { readonly stashes: number },
): void {
  const print = (line: string): void => (nul ? out.nulRecord(line) : out.line(line))
  if (branch) for (const line of branchLines(status)) print(line)
  if (stashes > 0) print(`# stash ${stashes}`)
  const staged = new Map(status.staged.map((change) => [change.path, change]))
  const unstaged = new Map(status.unstaged.map((change) => [change.path, change]))
  const entries = [...(status.entries ?? [])].sort((a, b) => compareBytes(utf8(a.path), utf8(b.path)))
  for (const entry of entries.filter(({ sides }) => sides === undefined)) {
    const { path } = entry
    const { from, facts } = changeOf(entry, staged.get(path), unstaged.get(path))
    if (from === undefined) print(`1 ${facts} ${shown(path)}`)
    else if (nul) {
      print(`2 ${facts} R100 ${path}`)
      print(from)
    } else print(`2 ${facts} R100 ${shown(path)}\t${shown(from)}`)
  }
  for (const entry of entries)
    if (entry.sides !== undefined) print(`u ${sidesOf(entry)} ${shown(entry.path)}`)
  for (const path of status.untracked) print(`? ${shown(path)}`)
  for (const path of status.ignored) print(`! ${shown(path)}`)
}

function branchLines({ branch, head, upstream }: Status): string[] {
  const lines = [`# branch.oid ${head ?? '(initial)'}`, `# branch.head ${visible(branch ?? '(detached)')}`]
  if (upstream === null) return lines
  const { name, ahead, behind } = upstream
  return [...lines, `# branch.upstream ${visible(name)}`, `# branch.ab +${ahead} -${behind}`]
}

function changeOf(
  { head, index, fileMode }: ChangedEntry,
  staged: PathChange | undefined,
  unstaged: PathChange | undefined,
): { readonly from: string | undefined; readonly facts: string } {
  const letter = (change: PathChange | undefined): string =>
    change === undefined ? '.' : stateLetters[change.state]
  const modes = [modeOf(head), modeOf(index), fileMode ?? noMode]
  const facts = [letter(staged) + letter(unstaged), submodule, ...modes, idOf(head), idOf(index)].join(' ')
  return { from: staged?.from, facts }
}

function sidesOf({ sides, fileMode }: ChangedEntry): string {
  const { base, ours, theirs } = sides!
  const three = [base, ours, theirs]
  const modes = [...three.map(modeOf), fileMode ?? noMode]
  return [conflictLettersOf(sides!), submodule, ...modes, ...three.map(idOf)].join(' ')
}

function modeOf(entry: EntryInfo | null): string {
  return entry?.mode ?? noMode
}

function idOf(entry: EntryInfo | null): string {
  return entry?.id ?? noId
}
