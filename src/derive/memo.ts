// What a repository remembers of a derived table: its inputs and its result. It is no part of the history and never
// sent: without it the table is computed again, with the same result.
import { fromHex, utf8, utf8Text } from '../base/bytes.ts'
import { sha256Hex } from '../base/platform.ts'
import { type Cid, cidOfDigest, digestHex } from '../encoding/cid.ts'
import type { Path } from '../files/interface.ts'
import type { Manifest, ObjectReader, ObjectWriter } from '../store/interface.ts'
import type { StoredColumn } from '../formats/sqlite/stored-columns.ts'
import type { AnyDerivation, DerivedFrom } from './interface.ts'

export interface Memo extends DerivedFrom {
  /** The table that came out, in hex. */
  readonly table: string
  /** For a query that can be updated by parts: what computed it, and what its columns hold in all. */
  readonly parts?: { readonly engine: string; readonly stored: readonly StoredColumn[] } | undefined
  /** For a function of groups: for each input its index (group-index.ts), in hex. */
  readonly indexes?: Readonly<Record<string, string>> | undefined
}

export function memoRef(path: Path): string {
  return `derived/${sha256Hex(utf8(path)).slice(0, 32)}`
}

/** Each index has a ref of its own, which keeps it from being collected. */
export function indexRef(path: Path, name: string): string {
  return `${memoRef(path)}/${sha256Hex(utf8(name)).slice(0, 32)}`
}

/** The indexes that are still here. */
export async function knownIndexes(reader: ObjectReader, memo: Memo): Promise<ReadonlyMap<string, Cid>> {
  const all = Object.entries(memo.indexes ?? {}).map(
    ([name, hex]) => [name, cidOfDigest('dag-cbor', fromHex(hex))] as const,
  )
  const isHere = await reader.has(all.map(([, cid]) => cid))
  return new Map(all.filter((_, i) => isHere[i]))
}

export async function readMemo(reader: ObjectReader, manifest: Manifest, path: Path): Promise<Memo | null> {
  const object = manifest.refs.get(memoRef(path))
  if (object === undefined) return null
  const [bytes] = await reader.get([object])
  return JSON.parse(utf8Text(bytes!)) as Memo
}

export function writeMemo(writer: ObjectWriter, memo: Memo): Cid {
  return writer.put('raw', utf8(JSON.stringify(memo)))
}

/** The input at `path` as it was then; null when it is no longer here. */
export async function knownInput(reader: ObjectReader, memo: Memo, path: Path): Promise<Cid | null> {
  const was = memo.from[path]
  const cid = was === undefined ? null : cidOfDigest('dag-cbor', fromHex(was))
  return cid !== null && (await reader.has([cid]))[0] === true ? cid : null
}

export function derivedFrom(derivation: AnyDerivation, inputs: ReadonlyMap<Path, Cid>): DerivedFrom {
  const definition = sha256Hex(utf8(JSON.stringify(definitionOf(derivation))))
  const tables = [...inputs].map(([path, table]) => [path, digestHex(table)] as const)
  return { definition, from: Object.fromEntries(tables.toSorted(([a], [b]) => (a < b ? -1 : 1))) }
}

/** Raised when rows are passed to functions in another way: what was made of them is then made anew. */
const givenAs = 2

function definitionOf(derivation: AnyDerivation): unknown {
  if ('rows' in derivation) {
    const { from, key, columns, version } = derivation
    return ['function', givenAs, from, key, columns, version]
  }
  if ('group' in derivation) {
    const { from, by, key, columns, version } = derivation
    return ['groups', givenAs, from, from.map(({ name }) => by[name]), key, columns, version]
  }
  const { from, sql, key, types } = derivation
  return [from, sql, key, types]
}

export function isSameOrigin(a: DerivedFrom, b: DerivedFrom): boolean {
  return JSON.stringify([a.definition, a.from]) === JSON.stringify([b.definition, b.from])
}
