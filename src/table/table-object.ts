// The stored table object: dag-cbor {v: 1, schema, rows, order, layout}. Rows and order are links, so that whoever
// walks objects by their links (gc, push, fetch) finds everything below without knowing what a table is.
import { CID } from 'multiformats/cid'
import { VarveError, corrupt } from '../base/errors.ts'
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts'
import { type Cid, cidFromLink, cidToLink, type TableCid } from '../encoding/cid.ts'
import { Decoded } from '../encoding/decoded.ts'
import type { ObjectReader, ObjectWriter, ReadOptions } from '../store/interface.ts'
import type { Layout, TableObject } from './interface.ts'
import { checkSchema, plainObject, schemaRecord } from './schema.ts'

const version = 1

const decoded = new Decoded<TableObject>()

export function writeTable(writer: ObjectWriter, table: TableObject): TableCid {
  return writer.put('dag-cbor', encodeTable(table))
}

export function encodeTable(table: TableObject): Uint8Array {
  return encodeCbor({
    v: version,
    schema: schemaRecord(table.schema),
    rows: cidToLink(table.rows),
    order: table.order === null ? null : cidToLink(table.order),
    layout: table.layout,
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

/** @throws VarveError VARVE_CORRUPT, VARVE_UNSUPPORTED_FORMAT */
export function decodeTable(bytes: Uint8Array): TableObject {
  const { v, schema, rows, order, layout, ...rest } = plainObject(decodeCbor(bytes, 'table'), 'table')
  if (v !== version) {
    throw new VarveError(
      'VARVE_UNSUPPORTED_FORMAT',
      `a table has version ${String(v)}, and only ${version} is known`,
      {
        hint: 'use a newer varve',
      },
    )
  }
  if (Object.keys(rest).length > 0) throw corrupt('table has unknown fields')
  return {
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
