// Git's own objects, parsed from their raw bytes, because names and messages there are bytes and must come through
// unchanged: a name that is not UTF-8 keeps every byte. Strings called `…Bytes` hold one byte a character (latin1).
// Formats: git's Documentation/gitformat-… and what git itself writes.
import { corrupt } from '../base/errors.ts'
import { toHex } from '../base/bytes.ts'
import type { Signature } from '../history/interface.ts'

export type Oid = string

export interface GitCommit {
  readonly oid: Oid
  readonly tree: Oid
  readonly parents: readonly Oid[]
  readonly author: Signature
  readonly committer: Signature
  readonly message: string
}

export interface GitTag {
  readonly target: Oid
  readonly name: string
  /** Old tags have none. */
  readonly tagger: Signature | null
  readonly message: string
}

export type GitMode = 'tree' | 'file' | 'executable' | 'symlink' | 'submodule'

export interface GitTreeEntry {
  readonly mode: GitMode
  readonly nameBytes: string
  readonly oid: Oid
}

const oidLength = 20

export function parseGitTree(oid: Oid, bytes: Uint8Array): GitTreeEntry[] {
  const entries: GitTreeEntry[] = []
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at)
    const end = bytes.indexOf(0, space + 1)
    if (space === -1 || end === -1 || end + oidLength >= bytes.length)
      throw corrupt(`Git tree '${oid}' is damaged`)
    entries.push({
      mode: modeOf(Number.parseInt(latin1(bytes.subarray(at, space)), 8)),
      nameBytes: latin1(bytes.subarray(space + 1, end)),
      oid: toHex(bytes, end + 1, end + 1 + oidLength),
    })
    at = end + 1 + oidLength
  }
  return entries
}

/** Git has had other modes (100664): what counts is the type, and whether the owner may run it. */
function modeOf(mode: number): GitMode {
  const type = mode & 0o170000
  if (type === 0o040000) return 'tree'
  if (type === 0o120000) return 'symlink'
  if (type === 0o160000) return 'submodule'
  return (mode & 0o100) === 0 ? 'file' : 'executable'
}

export function parseGitCommit(oid: Oid, bytes: Uint8Array): GitCommit {
  const { headers, body } = split(bytes)
  const tree = headers.find(([name]) => name === 'tree')?.[1]
  const encoding = headers.find(([name]) => name === 'encoding')?.[1] ?? 'utf-8'
  const [author, committer] = ['author', 'committer'].map(
    (role) => headers.find(([name]) => name === role)?.[1],
  )
  if (tree === undefined || author === undefined || committer === undefined) {
    throw corrupt(`Git commit '${oid}' is damaged`)
  }
  return {
    oid,
    tree,
    parents: headers.filter(([name]) => name === 'parent').map(([, parent]) => parent),
    author: parseSignature(author, encoding),
    committer: parseSignature(committer, encoding),
    message: decode(body, encoding),
  }
}

export function parseGitTag(oid: Oid, bytes: Uint8Array): GitTag {
  const { headers, body } = split(bytes)
  const facts = new Map(headers)
  const target = facts.get('object')
  if (target === undefined) throw corrupt(`Git tag '${oid}' is damaged`)
  const tagger = facts.get('tagger')
  return {
    target,
    name: decode(facts.get('tag') ?? '', 'utf-8'),
    tagger: tagger === undefined ? null : parseSignature(tagger, 'utf-8'),
    message: decode(body, 'utf-8'),
  }
}

/** Header lines (a line that begins with a space continues the one before), then a blank line, then the message. */
function split(bytes: Uint8Array): { headers: [string, string][]; body: string } {
  const text = latin1(bytes)
  const blank = text.startsWith('\n') ? 0 : text.indexOf('\n\n')
  const head = blank === -1 ? text : text.slice(0, blank)
  const headers: [string, string][] = []
  for (const line of head.split('\n')) {
    const space = line.indexOf(' ')
    if (space > 0) headers.push([line.slice(0, space), line.slice(space + 1)])
  }
  return { headers, body: blank === -1 ? '' : text.slice(blank + 2) }
}

/** 'Name <mail> seconds +hhmm'; damaged dates become the epoch, as git shows them. */
function parseSignature(line: string, encoding: string): Signature {
  const open = line.indexOf('<')
  const close = open < 0 ? -1 : line.indexOf('>', open)
  const [name, email, rest] =
    close < 0
      ? [line, '', '']
      : [line.slice(0, open).replace(/ $/, ''), line.slice(open + 1, close), line.slice(close + 1)]
  const [, seconds, zone] = /^ (-?\d+) ([+-]\d{4})/.exec(rest) ?? []
  return {
    name: decode(name, encoding),
    email: decode(email, encoding),
    timeMs: 1000 * Number(seconds ?? 0),
    zoneMinutes: zoneOf(zone ?? '+0000'),
  }
}

function zoneOf(zone: string): number {
  const minutes = 60 * Number(zone.slice(1, 3)) + Number(zone.slice(3))
  return zone.startsWith('-') && minutes > 0 ? -minutes : minutes
}

/** By the commit's own encoding; what that cannot read is taken as latin1, which loses nothing. */
function decode(text: string, encoding: string): string {
  const bytes = Buffer.from(text, 'latin1')
  for (const label of [encoding, 'utf-8']) {
    try {
      return new TextDecoder(label, { fatal: true, ignoreBOM: true }).decode(bytes)
    } catch {
      // An unknown label or wrong bytes: the next one.
    }
  }
  return text
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}
