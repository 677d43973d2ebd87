// The cutting rule: where a prolly tree's nodes end. Integers only, so that every program on every machine cuts
// alike, and no history: a node's end depends on the entries since its start and on the one that follows.
// Walk from the node's start. Before an entry: cut when the node is not empty and its size would pass 4T. Behind an
// entry: cut when the size has reached T/2 and hash < size(entry) * 2^32 / (T/2). docs/format/tree.md has vectors.
import { VarveError } from '../base/errors.ts'
import type { Cid } from '../encoding/cid.ts'
import { xxh32 } from '../encoding/xxh32.ts'
import type { EntryBatch } from './interface.ts'

export const ruleNumber = 1

/** A map; a list measured by the length of its values; a list measured by the varint that each value is. */
export type NodeKind = 0 | 1 | 2
export const mapKind = 0
export const listKind = 1
export const chunkListKind = 2

/** Nodes of a new tree aim at this many bytes in leaves and at half of it above. */
export const leafTargetDefault = 8192
const leafTargetMin = 1024
const leafTargetMax = 65536

/** Also keeps the level one byte long. */
export const levelMax = 23
export const entryBytesMax: number = 1 << 20
const linkBytes = 41
const entryOverhead = 8

/** What the nodes of one level of one tree have in common. */
export interface Shape {
  readonly kind: NodeKind
  readonly level: number
  readonly leafTarget: number
}

export function isLeafTarget(target: number): boolean {
  return target >= leafTargetMin && target <= leafTargetMax && (target & (target - 1)) === 0
}

export function targetOf(shape: Shape): number {
  return shape.level === 0 ? shape.leafTarget : shape.leafTarget / 2
}

/** Keys are an eighth of a leaf at most: a node above then holds at least two entries before it may end. */
export function keyBytesMax(leafTarget: number): number {
  return leafTarget / 8
}

export function entrySize(keyLength: number, valueLength: number, links: number): number {
  return keyLength + valueLength + linkBytes * links + entryOverhead
}

export function sizeOfEntry(batch: EntryBatch, i: number): number {
  const links = batch.linkEnds === null ? 0 : batch.linkEnds[i]! - (i === 0 ? 0 : batch.linkEnds[i - 1]!)
  const keyLength = batch.keyEnds[i]! - (i === 0 ? 0 : batch.keyEnds[i - 1]!)
  const valueLength = batch.valueEnds[i]! - (i === 0 ? 0 : batch.valueEnds[i - 1]!)
  return entrySize(keyLength, valueLength, links)
}

/** A map hashes keys, so that a new value moves no boundary of its own; a list has values and links only. */
export function hashOfEntry(shape: Shape, batch: EntryBatch, i: number): number {
  if (shape.kind === mapKind) {
    return xxh32(batch.keys, i === 0 ? 0 : batch.keyEnds[i - 1]!, batch.keyEnds[i]!, shape.level)
  }
  const firstLink = batch.linkEnds === null || i === 0 ? 0 : batch.linkEnds[i - 1]!
  if (batch.linkEnds !== null && batch.linkEnds[i]! > firstLink) return hashOfDigest(batch.links[firstLink]!)
  return xxh32(batch.values, i === 0 ? 0 : batch.valueEnds[i - 1]!, batch.valueEnds[i]!, shape.level)
}

/** The digest's first four bytes as a little-endian number. */
function hashOfDigest(cid: Cid): number {
  return Number.parseInt(cid.slice(14, 16) + cid.slice(12, 14) + cid.slice(10, 12) + cid.slice(8, 10), 16)
}

export function checkEntry(shape: Shape, keyLength: number, size: number, index: number): void {
  const keyMax = keyBytesMax(shape.leafTarget)
  if (keyLength > keyMax) {
    throw new VarveError('VARVE_RULE_VIOLATED', `key of ${keyLength} bytes is longer than ${keyMax} bytes`, {
      data: { index, limit: 'keyBytesMax', keyBytesMax: keyMax, keyLength },
      hint: 'choose a shorter key: other columns, or a hash of them',
    })
  }
  if (size > entryBytesMax) {
    throw new VarveError(
      'VARVE_RULE_VIOLATED',
      `entry of ${size} bytes is larger than ${entryBytesMax} bytes`,
      {
        data: { index, limit: 'entryBytesMax', entryBytesMax, size },
        hint: 'store large values as objects of their own and link them',
      },
    )
  }
}
