// Commits and annotated tags as dag-cbor maps: {v, tree, parents, author, committer, message, gen, extra} and
// {v, object, name, tagger, message}. A person is [name, email, time in ms, zone in minutes]. Times are integers.
// Both may have a signature, which signed.ts adds.
import { CID } from 'multiformats/cid'
import { VarveError, corrupt } from '../base/errors.ts'
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts'
import { type Cid, type CommitCid, cidFromLink, cidToLink } from '../encoding/cid.ts'
import { Decoded } from '../encoding/decoded.ts'
import type { ObjectReader, ObjectWriter } from '../store/interface.ts'
import type { Commit, Signature, Tag } from './interface.ts'
import { storedSignature } from './signed.ts'

export const messageBytesMax: number = 1 << 20

const decoded = new Decoded<Commit>()

/** Without a signature: one that the commit has is of other bytes. */
export function writeCommit(writer: ObjectWriter, commit: Omit<Commit, 'cid'>): CommitCid {
  return writer.put('dag-cbor', encodeCommit(commit))
}

export function encodeCommit(commit: Omit<Commit, 'cid'>): Uint8Array {
  if (commit.message.length > messageBytesMax) {
    throw new VarveError(
      'VARVE_RULE_VIOLATED',
      `commit message is longer than ${messageBytesMax} characters`,
      {
        hint: 'shorten it, or commit long notes as a file',
      },
    )
  }
  return encodeCbor({
    v: 1,
    tree: cidToLink(commit.tree),
    parents: commit.parents.map(cidToLink),
    author: packSignature(commit.author),
    committer: packSignature(commit.committer),
    message: commit.message,
    gen: commit.generation,
    extra: commit.extra,
  })
}

export async function readCommits(reader: ObjectReader, cids: readonly CommitCid[]): Promise<Commit[]> {
  const objects = await reader.get(cids)
  return objects.map((bytes, i) => decoded.of(bytes, () => parseCommit(cids[i]!, bytes)))
}

export async function readCommit(reader: ObjectReader, cid: CommitCid): Promise<Commit> {
  return (await readCommits(reader, [cid]))[0]!
}

/** The generation of a commit with these parents. */
export async function nextGeneration(reader: ObjectReader, parents: readonly CommitCid[]): Promise<number> {
  const commits = await readCommits(reader, parents)
  return 1 + Math.max(0, ...commits.map((commit) => commit.generation))
}

export function parseCommit(cid: CommitCid, bytes: Uint8Array): Commit {
  const value = decodeCbor(bytes, `commit ${cid}`)
  if (!isRecord(value) || value['v'] !== 1 || !(value['tree'] instanceof CID))
    throw corrupt(`object ${cid} is not a commit`)
  const { parents, message, gen, extra } = value
  if (!Array.isArray(parents) || !parents.every((parent) => parent instanceof CID)) {
    throw corrupt(`commit ${cid} has damaged parents`)
  }
  if (typeof message !== 'string' || typeof gen !== 'number' || !isRecord(extra))
    throw corrupt(`commit ${cid} is damaged`)
  return {
    cid,
    tree: cidFromLink(value['tree']),
    parents: parents.map((parent: CID) => cidFromLink(parent)),
    author: unpackSignature(value['author'], cid),
    committer: unpackSignature(value['committer'], cid),
    message,
    generation: gen,
    extra,
    ...storedSignature(value, `commit ${cid}`),
  }
}

/** Without a signature, as a commit. */
export function writeTag(writer: ObjectWriter, tag: Omit<Tag, 'cid'>): Cid {
  return writer.put('dag-cbor', encodeTag(tag))
}

export function encodeTag({ target, name, tagger, message }: Omit<Tag, 'cid'>): Uint8Array {
  return encodeCbor({ v: 1, object: cidToLink(target), name, tagger: packSignature(tagger), message })
}

/** The tag when the object is one, null when it is something else (a commit, for a lightweight tag). */
export async function readTag(reader: ObjectReader, cid: Cid): Promise<Tag | null> {
  return (await readTags(reader, [cid]))[0]!
}

/** As readTag, in the order asked for. */
export async function readTags(reader: ObjectReader, cids: readonly Cid[]): Promise<(Tag | null)[]> {
  return (await reader.get(cids)).map((bytes, i) => parseTag(cids[i]!, bytes))
}

function parseTag(cid: Cid, bytes: Uint8Array): Tag | null {
  const value = decodeCbor(bytes, `object ${cid}`)
  if (!isRecord(value) || !(value['object'] instanceof CID) || typeof value['name'] !== 'string') return null
  const { object, name, tagger, message } = value
  if (typeof message !== 'string') throw corrupt(`tag ${cid} is damaged`)
  return {
    cid,
    target: cidFromLink(object),
    name,
    tagger: unpackSignature(tagger, cid),
    message,
    ...storedSignature(value, `tag ${cid}`),
  }
}

function packSignature(signature: Signature): [string, string, number, number] {
  return [signature.name, signature.email, signature.timeMs, signature.zoneMinutes]
}

function unpackSignature(value: unknown, cid: Cid): Signature {
  if (!Array.isArray(value) || value.length !== 4) throw corrupt(`object ${cid} has a damaged signature`)
  const [name, email, timeMs, zoneMinutes] = value as unknown[]
  if (typeof name !== 'string' || typeof email !== 'string')
    throw corrupt(`object ${cid} has a damaged signature`)
  if (typeof timeMs !== 'number' || typeof zoneMinutes !== 'number')
    throw corrupt(`object ${cid} has a damaged signature`)
  return { name, email, timeMs, zoneMinutes }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  const isOther = Array.isArray(value) || value instanceof Uint8Array || value instanceof CID
  return typeof value === 'object' && value !== null && !isOther
}
