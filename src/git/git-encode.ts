// Git's own objects as bytes, the inverse of git-objects.ts: what came from Git unchanged gets the bytes, and so the
// name, that it had. What could break a line of a header out is replaced.
import type { Signature } from '../history/interface.ts'
import type { GitCommit, GitMode, GitTreeEntry, Oid } from './git-objects.ts'

export type GitType = 'commit' | 'tree' | 'blob' | 'tag'

const modes: Readonly<Record<GitMode, string>> = {
  tree: '40000',
  file: '100644',
  executable: '100755',
  symlink: '120000',
  submodule: '160000',
}

/** In Git's order: by bytes, a folder as if its name ended with '/'. */
export function encodeGitTree(entries: Iterable<GitTreeEntry>): Buffer {
  const sortName = ({ mode, nameBytes }: GitTreeEntry): string =>
    mode === 'tree' ? `${nameBytes}/` : nameBytes
  const sorted = [...entries].sort((a, b) => (sortName(a) < sortName(b) ? -1 : 1))
  return Buffer.concat(
    sorted.flatMap(({ mode, nameBytes, oid }) => [
      Buffer.from(`${modes[mode]} ${nameBytes}\0`, 'latin1'),
      Buffer.from(oid, 'hex'),
    ]),
  )
}

export function encodeGitCommit(commit: Omit<GitCommit, 'oid'>): Buffer {
  const lines = [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${signatureLine(commit.author)}`,
    `committer ${signatureLine(commit.committer)}`,
  ]
  return Buffer.from(`${lines.join('\n')}\n\n${textOf(commit.message)}`)
}

export function encodeGitTag(tag: {
  readonly target: Oid
  readonly name: string
  readonly tagger: Signature
  readonly message: string
}): Buffer {
  const lines = [
    `object ${tag.target}`,
    'type commit',
    `tag ${tag.name}`,
    `tagger ${signatureLine(tag.tagger)}`,
  ]
  return Buffer.from(`${lines.join('\n')}\n\n${textOf(tag.message)}`)
}

/** The message with a line end at its end, as Git has it. */
export function endedMessage(message: string): string {
  return message.endsWith('\n') ? message : `${message}\n`
}

/** A signature's line. Git keeps whole seconds, and none before 1970. */
function signatureLine({ name, email, timeMs, zoneMinutes }: Signature): string {
  const line = (text: string): string => text.replaceAll(/[\n\0<>]/g, ' ')
  return `${line(name)} <${line(email)}> ${Math.max(0, Math.floor(timeMs / 1000))} ${zoneText(zoneMinutes)}`
}

function zoneText(minutes: number): string {
  const distance = Math.abs(minutes)
  if (!Number.isSafeInteger(minutes) || distance >= 100 * 60) return '+0000'
  const digits = [Math.floor(distance / 60), distance % 60].map((part) => String(part).padStart(2, '0'))
  return `${minutes < 0 ? '-' : '+'}${digits.join('')}`
}

/** The message without NULs, at which Git would stop reading. */
function textOf(message: string): string {
  return message.replaceAll('\0', '\ufffd')
}
