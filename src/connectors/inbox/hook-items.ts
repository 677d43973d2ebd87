// What a webhook says about tables: the rows that it puts and deletes, and the items in it that cannot become rows.
// Only this file interprets a webhook's content, so that a changed declaration reads it anew.
import { VarveError } from '../../base/errors.ts'
import { columnPlaces } from '../../table/column-places.ts'
import { castCell } from '../../table/cast.ts'
import type { Cell } from '../../table/interface.ts'
import { inlineCellBytesMax } from '../../table/row.ts'
import { keyBytesMax } from '../../table/key.ts'
import type { LogChange } from '../change-log.ts'
import type { InboxTable, ValueRule } from '../../dataset/interface.ts'
import { type ItemTable, itemCells } from '../json/item-table.ts'
import { type JsonRange, documentRange, elementsOf, rangeAt } from '../json/range.ts'
import { isOneOf, marksGone, valueIn } from '../json/value-rules.ts'
import type { BadItem, KeptHook } from './interface.ts'

/** In a rule: what happened, as the sender names it beside the body. */
const eventName = '$event'
/** A row with all of its cells in its node. */
const inlineBytesMax = 512 << 10

export interface HookItem {
  readonly table: string
  readonly index: number
  /** Tells it from other rows of the table; null where it has no key. */
  readonly key: string | null
  /** Columns beside the key that it says something of; null: all. */
  readonly says: readonly string[] | null
  /** As `ItemName.over`. */
  readonly over: readonly string[]
  /** null: it is no row, and `bad` says why. */
  readonly change: LogChange | null
  readonly bad: BadItem | null
}

export function itemsOf(tables: readonly ItemTable<InboxTable>[], hook: KeptHook): HookItem[] {
  const document = documentRange(hook.body)
  // It was looked at when it came in.
  if (document === null)
    throw new VarveError('VARVE_CORRUPT', `webhook '${hook.id}' of the inbox is not JSON`)
  const whole = { document, event: hook.event }
  const about = tables.filter(
    ({ name, declared }) =>
      (hook.table === null || hook.table === name) && holds(declared.when ?? [], whole, []),
  )
  const chosen = hook.chosen && new Map(hook.chosen.map((one) => [`${one.table} ${one.index}`, one]))
  return about.flatMap((table) =>
    itemsAt(table, document).flatMap((item, index) => {
      const one = chosen?.get(`${table.name} ${index}`)
      if (chosen !== null && one === undefined) return []
      return itemOf(table, { whole, item, index, over: one?.over ?? [] })
    }),
  )
}

/** The items of a webhook; [null] when there is nothing where they should be. */
function itemsAt({ declared }: ItemTable<InboxTable>, document: JsonRange): (JsonRange | null)[] {
  const found = rangeAt(document, declared.items ?? '')
  return found === null ? [null] : (elementsOf(found) ?? [found])
}

interface Whole extends Pick<KeptHook, 'event'> {
  readonly document: JsonRange
}

interface FoundItem {
  readonly whole: Whole
  readonly item: JsonRange | null
  readonly index: number
  /** Columns of which it says nothing any more. */
  readonly over: readonly string[]
}

function itemOf(table: ItemTable<InboxTable>, { whole, item, index, over }: FoundItem): HookItem {
  const { name, declared, columns } = table
  let says: readonly string[] | null = null
  const bad = (message: string, key: string | null): HookItem => {
    const said = { ...(says === null ? {} : { says }), ...(over.length === 0 ? {} : { over }) }
    return {
      table: name,
      index,
      key,
      says,
      over,
      change: null,
      bad: { table: name, index, key, message, ...said },
    }
  }
  if (item === null) return bad(`there is nothing at '${declared.items}'`, null)
  const found = itemCells(table, item)
  if (typeof found === 'string') return bad(found, null)
  const cells = found.map((cell, i) => fitted(cell, columns[i]!.type))
  const places = columnPlaces(columns, table.key)
  const keyCells = places.map((place) => cells[place] ?? null)
  const lame = keyCells.findIndex((cell) => cell === null || cell.bytes.length === 0)
  if (lame >= 0 && !isTruth(keyCells[lame]!)) {
    const { type } = columns[places[lame]!]!
    const why = keyCells[lame] === null && type !== 'json' ? `is not of type ${type}, and is` : 'can be no'
    return bad(`'${table.key[lame]!}' ${why} part of its key`, null)
  }
  const keys = keyCells as Cell[]
  if (keys.reduce((sum, { bytes }) => sum + bytes.length + 8, 0) > keyBytesMax)
    return bad('its key is too long', null)
  const key = keys.map(({ kind, bytes }) => `${kind}:${Buffer.from(bytes).toString('base64')}`).join(' ')
  if (holdsAny(declared.deletes, whole, item, marksGone)) {
    const change = { kind: 'delete', table: name, key: keys } as const
    return { table: name, index, key, says, over, change, bad: null }
  }
  const isPart = holdsAny(declared.patches, whole, item)
  const isSaid = columns.map((column, i) => {
    if (table.key.includes(column.name)) return true
    return !over.includes(column.name) && !(isPart && found[i]!.kind === 'absent')
  })
  const isPatch = isSaid.includes(false)
  if (isPatch)
    says = columns.flatMap((column, i) =>
      isSaid[i] === true && !table.key.includes(column.name) ? column.name : [],
    )
  const wrong = cells.findIndex((cell, i) => cell === null && isSaid[i])
  if (wrong >= 0) return bad(`'${columns[wrong]!.name}' is not of type ${columns[wrong]!.type}`, key)
  const after = cells.map((cell, i) => (isSaid[i] === true ? cell : null))
  const inline = after.reduce((sum, cell) => {
    const length = cell?.bytes.length ?? 0
    return sum + (length > inlineCellBytesMax ? 0 : length)
  }, 0)
  if (inline > inlineBytesMax) return bad('it is too large for a row', key)
  const put = { kind: 'put', table: name, oldKey: null, after } as const
  return { table: name, index, key, says, over, change: isPatch ? { ...put, isPatch } : put, bad: null }
}

/** The cell in its column's type; null when the type has no such value. */
function fitted(cell: Cell, type: ItemTable['columns'][number]['type']): Cell | null {
  return type === 'json' ? cell : castCell(cell, type)
}

function isTruth(cell: Cell | null): boolean {
  return cell?.kind === 'true' || cell?.kind === 'false'
}

/** Where there are rules: whether they hold for the item, or its webhook. */
function holdsAny(rules: readonly ValueRule[] = [], whole: Whole, item: JsonRange, isMet = isOneOf): boolean {
  return rules.length > 0 && holds(rules, whole, [item], isMet)
}

/** Whether all rules hold, each in the first of the items that has its property, or else in the webhook. */
function holds(
  rules: readonly ValueRule[],
  { document, event }: Whole,
  items: readonly JsonRange[],
  isMet = isOneOf,
): boolean {
  return rules.every(({ path, values }) => {
    if (path === eventName && event !== null) return values.some((value) => value === '*' || value === event)
    const found = [...items, document].map((place) => rangeAt(place, path)).find((one) => one !== null)
    if (found === undefined) return false
    return isMet(values, valueIn(found))
  })
}
