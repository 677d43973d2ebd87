// What a link has found out about keys that its endpoint spells otherwise than the branch: for each such table its rows
// under the keys of both, and which key is which. Each round begins with what the one before has found, so that only
// rows that have changed since are spelled and looked up again. Without it all keys are compared once more, and the
// outcome is the same.
import { CID } from 'multiformats/cid'
import { equalBytes } from '../../base/bytes.ts'
import { corrupt } from '../../base/errors.ts'
import { decodeCbor, encodeCbor } from '../../encoding/cbor.ts'
import { type Cid, cidFromLink, cidToLink } from '../../encoding/cid.ts'
import type { Path } from '../../files/interface.ts'
import type { ObjectReader, ObjectWriter } from '../../store/interface.ts'
import { linkObject } from '../state.ts'

/** Roots of maps. */
export interface TableNames {
  /** The rows under the keys that the endpoint has, and under those that the branch has. */
  readonly there: Cid
  readonly here: Cid
  /** From a key there to that here, where they differ. */
  readonly names: Cid
  /** The key's columns: in those of other types, keys may be the same that were not. */
  readonly columns: string
}

/** Without tables whose keys are the same on both sides. */
export type KeyNames = ReadonlyMap<Path, TableNames>

export const noNames: KeyNames = new Map()

const what = 'what a link knows of keys'

/** @throws VarveError VARVE_CORRUPT */
export async function readKeyNames(reader: ObjectReader, object: Cid | undefined): Promise<KeyNames> {
  if (object === undefined) return noNames
  const { v, tables } = (decodeCbor((await reader.get([object]))[0]!, what) ?? {}) as Record<string, unknown>
  if (v !== 1 || !Array.isArray(tables)) throw corrupt(`${what} is damaged`, { cid: object })
  return new Map(tables.map(namesOf))
}

function namesOf(table: unknown): [Path, TableNames] {
  const [path, columns, ...links] = Array.isArray(table) ? (table as unknown[]) : []
  const isWhole = links.length === 3 && links.every((link) => link instanceof CID)
  if (typeof path !== 'string' || typeof columns !== 'string' || !isWhole) throw corrupt(`${what} is damaged`)
  const [there, here, names] = (links as CID[]).map(cidFromLink) as [Cid, Cid, Cid]
  return [path as Path, { there, here, names, columns }]
}

/** The link's ref, where it has to move because `now` is not what it names. */
export function keyRefs(
  writer: ObjectWriter,
  link: string,
  { kept, now }: { readonly kept: KeyNames; readonly now: KeyNames },
): (readonly [string, Cid | null])[] {
  const bytes = encoded(now)
  if (equalBytes(bytes, encoded(kept))) return []
  return [[linkObject(link, 'keys'), now.size === 0 ? null : writer.put('dag-cbor', bytes)]]
}

function encoded(names: KeyNames): Uint8Array {
  const tables = [...names].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return encodeCbor({
    v: 1,
    tables: tables.map(([path, { columns, there, here, names: renamed }]) => [
      path,
      columns,
      ...[there, here, renamed].map(cidToLink),
    ]),
  })
}
