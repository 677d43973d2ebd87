// Names of refs. The rules are git-check-ref-format's, so that every name can also live on a Git host.
import { type ErrorFacts, VarveError } from '../base/errors.ts'

export const branchPrefix = 'refs/heads/'
export const tagPrefix = 'refs/tags/'
export const remotePrefix = 'refs/remotes/'
/** The notes that commits have: commits of their own, whose files are named by the commits that they are about. */
export const notesRef = 'refs/notes/commits'
const notesPrefix = 'refs/notes/'
/** What a repository remembers of links with live systems. */
export const linkRefs = 'refs/links/'
const receipts = /^refs\/links\/([A-Za-z0-9][A-Za-z0-9_-]{0,62})\/receipts$/

const refBytesMax = 255
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const forbidden = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[/.-]|[/.]$|\/\.|\.lock(\/|$)|^@$/
/** Half a character has no bytes of its own: two such names would become one. */
const half = /[\ud800-\udfff]/u

/** @throws VarveError VARVE_USAGE with the rule in its message */
export function checkRefName(name: string, kind: 'branch' | 'tag' | 'remote'): string {
  if (
    name === '' ||
    name.length > refBytesMax ||
    forbidden.test(name) ||
    half.test(name) ||
    name === 'HEAD' ||
    name.includes('\ufffd')
  ) {
    throw new VarveError('VARVE_USAGE', `'${name}' is not a valid ${kind} name`, {
      data: { name },
      hint: "use letters, digits, '-', '_' and '/'; no spaces, '..', '~', '^', ':', '?', '*', '[' or '\\'",
    })
  }
  return name
}

export function branchRef(name: string): string {
  return branchPrefix + checkRefName(name, 'branch')
}

export function tagRef(name: string): string {
  return tagPrefix + checkRefName(name, 'tag')
}

export function remoteRef(remote: string, branch: string): string {
  return `${remotePrefix}${checkRefName(remote, 'remote')}/${branch}`
}

/** The log of a link's receipts. It is only ever added to, and goes along when a branch is pushed or fetched. */
export function receiptsRef(link: string): string {
  return `${linkRefs}${link}/receipts`
}

export function isReceiptsRef(ref: string): boolean {
  return receipts.test(ref)
}

/** Where the receipts that a remote has are kept: 'refs/receipts/origin/shop'. */
export function remoteReceiptsRef(remote: string, ref: string): string {
  return `${remoteReceiptsPrefix(remote)}${receipts.exec(ref)![1]!}`
}

export function remoteReceiptsPrefix(remote: string): string {
  return `refs/receipts/${checkRefName(remote, 'remote')}/`
}

/** Where the notes that a remote has are kept: 'refs/notes/origin/commits'. */
export function remoteNotesRef(remote: string): string {
  return `${notesPrefix}${checkRefName(remote, 'remote')}/commits`
}

/** The notes that the last import from Git brought. No remote has such a name. */
export const gitNotesRef = 'refs/notes/imported/git'

export function isRemoteNotesRef(ref: string): boolean {
  return ref.startsWith(notesPrefix) && ref !== notesRef
}

/** What one repository shows to another: branches, tags, receipts of links, and notes. */
export function isSharedRef(ref: string): boolean {
  return ref.startsWith(branchPrefix) || ref.startsWith(tagPrefix) || isReceiptsRef(ref) || ref === notesRef
}

/** The logs of a link's receipts that are here, our own and those of remotes; null: of all links. */
export function receiptLogsOf(refs: Iterable<string>, link: string | null): string[] {
  return [...refs].filter((ref) =>
    ref.startsWith('refs/receipts/')
      ? link === null || ref.endsWith(`/${link}`)
      : isReceiptsRef(ref) && (link === null || ref === receiptsRef(link)),
  )
}

/** 'refs/heads/main' -> 'main', 'refs/remotes/origin/main' -> 'origin/main'. */
export function shortRefName(ref: string): string {
  return ref.replace(/^refs\/(heads|tags|remotes)\//, '')
}

/** What to do where a ref over there has commits that are not here. */
export function catchUpHint(ref: string): string {
  return ref === notesRef
    ? "run 'varve fetch' and 'varve notes merge', then push again"
    : "run 'varve pull', then push again"
}

/** What whoever asks for the newest commit of a branch hears before its first; `ref` as in a manifest. */
export function noCommitsYet(ref: string, data: ErrorFacts = { ref }): VarveError {
  return new VarveError('VARVE_REF_NOT_FOUND', `branch '${shortRefName(ref)}' has no commits yet`, {
    data,
    hint: "make the first one with 'varve add' and 'varve commit -m MESSAGE'",
  })
}
