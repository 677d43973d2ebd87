// The stored table object: dag-cbor {v: 1, schema, rows, order, layout}, or {v: 2, …, oneWay} where a transform has made
// rows that must not go back to where they came from: a program that does not know of this refuses the table. Rows and
// order are links, so that whoever walks objects by their links (gc, push, fetch) finds everything below without knowing
// what a table is.
import { CID } from 'multiformats/cid'
import { VarveError, corrupt } from '../base/errors.ts'
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts'
import { type Cid, cidFromLink, cidToLink, type TableCid } from '../encoding/cid.ts'
import { Decoded } from '../encoding/decoded.ts'
import type { ObjectReader, ObjectWriter, ReadOptions } from '../store/interface.ts'
import type { Layout, OneWaySource, TableObject } from './interface.ts'
import { checkOneWay, isSameOneWay, oneWayOf, oneWayRecord, withOneWay } from './one-way.ts'
import { checkSchema, plainObject, schemaRecord } from './schema.ts'

const version = 1
const oneWayVersion = 2

const decoded = new Decoded<TableObject>()

export function writeTable(writer: ObjectWriter, table: TableObject): TableCid {
  return writer.put('dag-cbor', encodeTable(table))
}

export function encodeTable(table: TableObject): Uint8Array {
  const oneWay = oneWayOf(table)
  return encodeCbor({
    v: oneWay.length === 0 ? version : oneWayVersion,
    schema: schemaRecord(table.schema),
    rows: cidToLink(table.rows),
    order: table.order === null ? null : cidToLink(table.order),
    layout: table.layout,
    ...(oneWay.length === 0 ? {} : { oneWay: oneWayRecord(oneWay) }),
  })
}

export async function loadTable(
  reader: ObjectReader,
  cid: Cid,
  options: ReadOptions = {},
): Promise<TableObject> {
  const [bytes] = await reader.get([cid], options)
  return decoded.of(bytes!, decodeTable)
}

/** The stored table with these sources (one-way.ts); the same one where it has them. */
export async function markTable(
  { writer, nodes }: { readonly writer: ObjectWriter; readonly nodes: { readonly reader: ObjectReader } },
  cid: Cid,
  oneWay: readonly OneWaySource[],
): Promise<Cid> {
  const table = await loadTable(nodes.reader, cid)
  return isSameOneWay(oneWayOf(table), oneWay) ? cid : writeTable(writer, withOneWay(table, oneWay))
}

/** @throws VarveError VARVE_CORRUPT, VARVE_UNSUPPORTED_FORMAT */
export function decodeTable(bytes: Uint8Array): TableObject {
  const { v, schema, rows, order, layout, ...rest } = plainObject(decodeCbor(bytes, 'table'), 'table')
  if (v !== version && v !== oneWayVersion) {
    throw new VarveError(
      'VARVE_UNSUPPORTED_FORMAT',
      `a table has version ${String(v)}, and only ${version} and ${oneWayVersion} are known`,
      {
        hint: 'use a newer varve',
      },
    )
  }
  const { oneWay, ...others } = rest
  if (Object.keys(others).length > 0 || (v === version && oneWay !== undefined))
    throw corrupt('table has unknown fields')
  return {
    ...(v === version ? {} : { oneWay: checkOneWay(oneWay) }),
    schema: checkSchema(schema),
    rows: linkOf(rows),
    order: order === null ? null : linkOf(order),
    layout: layout === null ? null : checkLayout(layout),
  }
}

function linkOf(value: unknown): Cid {
  const link = CID.asCID(value)
  if (link === null) throw corrupt('table has a link that is none')
  return cidFromLink(link)
}

function checkLayout(value: unknown): Layout {
  const layout = plainObject(value, 'layout')
  const { format } = layout
  if (format !== 'csv' && format !== 'tsv' && format !== 'jsonl') {
    throw new VarveError(
      'VARVE_UNSUPPORTED_FORMAT',
      `a table's file has the unknown format '${String(format)}'`,
      { hint: 'a newer version of Varve made it: update, then run the command again' },
    )
  }
  for (const setting of Object.values(layout)) {
    if (!isScalar(setting) && !(Array.isArray(setting) && setting.every(isScalar))) {
      throw corrupt('layout has a setting of an unknown kind')
    }
  }
  return layout as unknown as Layout
}

function isScalar(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value)
  return value === null || typeof value === 'string' || typeof value === 'boolean'
}
