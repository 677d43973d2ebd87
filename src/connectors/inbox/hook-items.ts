// What a webhook says of tables: the rows that it puts and deletes, and the items in it that are no rows. What it holds is
// looked at here and nowhere else, so that a later declaration reads it anew.
import { VarveError } from '../../base/errors.ts'
import { utf8Text } from '../../base/bytes.ts'
import { castCell } from '../../table/cast.ts'
import type { Cell } from '../../table/interface.ts'
import { inlineCellBytesMax } from '../../table/row.ts'
import { keyBytesMax } from '../../table/key.ts'
import type { LogChange } from '../change-log.ts'
import type { InboxTable, ValueRule } from '../interface.ts'
import { type ItemTable, itemCells } from '../json/item-table.ts'
import { type JsonRange, documentRange, elementsOf, rangeAt } from '../json/range.ts'
import type { BadItem, KeptHook } from './interface.ts'

/** A row with all of its cells in its node. */
const inlineBytesMax = 512 << 10

export interface HookItem {
  readonly table: string
  readonly index: number
  /** Tells it from other rows of the table; null where it has no key. */
  readonly key: string | null
  /** null: it is no row, and `bad` says why. */
  readonly change: LogChange | null
  readonly bad: BadItem | null
}

export function itemsOf(tables: readonly ItemTable<InboxTable>[], hook: KeptHook): HookItem[] {
  const document = documentRange(hook.body)
  // It was looked at when it came in.
  if (document === null)
    throw new VarveError('VARVE_CORRUPT', `webhook '${hook.id}' of the inbox is not JSON`)
  const about = tables.filter(
    ({ name, declared }) =>
      (hook.table === null || hook.table === name) && holds(declared.when ?? [], [document]),
  )
  const chosen = hook.chosen && new Set(hook.chosen.map(({ table, index }) => `${table} ${index}`))
  return about.flatMap((table) =>
    itemsAt(table, document)
      .map((item, index) => itemOf(table, document, item, index))
      .filter(({ index }) => chosen === null || chosen.has(`${table.name} ${index}`)),
  )
}

/** null: there is nothing where the items are said to be. */
function itemsAt({ declared }: ItemTable<InboxTable>, document: JsonRange): (JsonRange | null)[] {
  const found = rangeAt(document, declared.items ?? '')
  return found === null ? [null] : (elementsOf(found) ?? [found])
}

function itemOf(
  table: ItemTable<InboxTable>,
  document: JsonRange,
  item: JsonRange | null,
  index: number,
): HookItem {
  const { name, declared, columns } = table
  const bad = (message: string, key: string | null): HookItem => {
    const why = { table: name, index, key, message }
    return { table: name, index, key, change: null, bad: why }
  }
  if (item === null) return bad(`there is nothing at '${declared.items}'`, null)
  const found = itemCells(table, item)
  if (typeof found === 'string') return bad(found, null)
  const cells = found.map((cell, i) => fitted(cell, columns[i]!.type))
  const places = table.key.map((one) => columns.findIndex((column) => column.name === one))
  const keyCells = places.map((place) => cells[place] ?? null)
  const lame = keyCells.findIndex((cell) => cell === null || cell.bytes.length === 0)
  if (lame >= 0 && !isTruth(keyCells[lame]!))
    return bad(`'${table.key[lame]!}' can be no part of its key`, null)
  const keys = keyCells as Cell[]
  if (keys.reduce((sum, { bytes }) => sum + bytes.length + 8, 0) > keyBytesMax)
    return bad('its key is too long', null)
  const key = keys.map(({ kind, bytes }) => `${kind}:${Buffer.from(bytes).toString('base64')}`).join(' ')
  if (isDeleted(declared, document, item)) {
    const change = { kind: 'delete', table: name, key: keys } as const
    return { table: name, index, key, change, bad: null }
  }
  const wrong = cells.findIndex((cell) => cell === null)
  if (wrong >= 0) return bad(`'${columns[wrong]!.name}' is no ${columns[wrong]!.type}`, key)
  const after = cells as Cell[]
  const inline = after.reduce(
    (sum, { bytes: { length } }) => sum + (length > inlineCellBytesMax ? 0 : length),
    0,
  )
  if (inline > inlineBytesMax) return bad('it is too large for a row', key)
  return { table: name, index, key, change: { kind: 'put', table: name, oldKey: null, after }, bad: null }
}

/** null: it is nothing that the type has. */
function fitted(cell: Cell, type: ItemTable['columns'][number]['type']): Cell | null {
  return type === 'json' ? cell : castCell(cell, type)
}

function isTruth(cell: Cell | null): boolean {
  return cell?.kind === 'true' || cell?.kind === 'false'
}

function isDeleted({ deletes = [] }: InboxTable, document: JsonRange, item: JsonRange): boolean {
  return deletes.length > 0 && holds(deletes, [item, document])
}

/** All of the rules, each where its property is found first. */
function holds(rules: readonly ValueRule[], places: readonly JsonRange[]): boolean {
  return rules.every(({ path, values }) => {
    const found = places.map((place) => rangeAt(place, path)).find((one) => one !== null)
    if (found === undefined) return false
    const { kind, src, start, end } = found
    const isValue = kind !== 'null' && kind !== 'false'
    const text = kind === 'text' || kind === 'number' ? utf8Text(src.subarray(start, end)) : kind
    return values.some((value) => (value === '*' ? isValue : value === text && kind !== 'json'))
  })
}
