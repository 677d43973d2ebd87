// Cells that hold many things: sets (`union`), texts and arrays that only grow (`append`), prose (`text`). What one
// side took away stays away, what one side added is there, and nothing is there twice.
import diff3 from 'diff3'
import { utf8, utf8Text } from '../../base/bytes.ts'
import { diffLines } from '../../documents/line-diff.ts'
import { mergeText } from '../../documents/merge-text.ts'
import { absentCell, cellOf, cellText, textCell } from '../../table/cell.ts'
import type { Cell, Schema } from '../../table/interface.ts'
import { arrayElements, arrayText, withoutSpaces } from './json-array.ts'
import type { Sides } from '../conflicts/conflict-record.ts'

/** Words of one cell that are compared; longer texts are left to people. */
const wordsMax = 5000

/** Ours without what theirs removed, then what theirs added. null: some side is no set. */
export function unionCells(
  sides: Sides<Cell>,
  separator: string | null,
  cells: Schema['cells'],
): Cell | null {
  const arrays = arraysOf(sides)
  if (arrays !== null) {
    const like = [sides.ours, sides.theirs, sides.base].find(({ kind }) => kind === 'json')!
    return cellOf('json', utf8(arrayText(union(arrays, withoutSpaces), cellText(like))))
  }
  const texts = textsOf(sides)
  if (texts === null) return null
  const all = [texts.ours, texts.theirs, texts.base]
  const mark = separator ?? (all.some((text) => text.includes(';')) ? ';' : ',')
  const items = mapSides(texts, (text) =>
    text.trim() === '' ? [] : text.split(mark).map((item) => item.trim()),
  )
  const like = all.find((text) => text.includes(mark)) ?? mark
  const at = like.indexOf(mark)
  const ahead = like.slice(0, at)
  const before = ahead.slice(ahead.trimEnd().length)
  const after = /^\s*/.exec(like.slice(at + mark.length))![0]
  const joined = union(items, (item) => item).join(before + mark + after)
  return joined === '' ? emptyLike(sides, cells) : { ...textCell(joined), quotingFlipped: flippedLike(sides) }
}

function union({ base, ours, theirs }: Sides<readonly string[]>, same: (item: string) => string): string[] {
  const [before, yours] = [new Set(base.map(same)), new Set(theirs.map(same))]
  const known = new Set<string>()
  const isNew = (item: string): boolean => known.size !== known.add(same(item)).size
  return [
    ...ours.filter((item) => yours.has(same(item)) || !before.has(same(item))),
    ...theirs.filter((item) => !before.has(same(item))),
  ].filter(isNew)
}

/** Decides where both sides have only added at the end: ours' addition comes first, then theirs'. */
export function appendCells(sides: Sides<Cell>): Cell | null {
  const arrays = arraysOf(sides)
  if (arrays !== null) {
    const [before, mine, yours] = [arrays.base, arrays.ours, arrays.theirs]
    const begins = (items: readonly string[]): boolean =>
      before.every((item, i) => i < items.length && withoutSpaces(item) === withoutSpaces(items[i]!))
    if (!begins(mine) || !begins(yours)) return null
    const like = sides.ours.kind === 'json' ? sides.ours : sides.theirs
    return cellOf('json', utf8(arrayText([...mine, ...yours.slice(before.length)], cellText(like))))
  }
  const texts = textsOf(sides)
  if (texts === null) return null
  const { base, ours, theirs } = texts
  if (!ours.startsWith(base) || !theirs.startsWith(base)) return null
  return { ...textCell(ours + theirs.slice(base.length)), quotingFlipped: flippedLike(sides) }
}

/** Merges three texts by lines, and by words where lines clash. */
export function mergeCellTexts(sides: Sides<Cell>): Cell | null {
  const texts = textsOf(sides)
  if (texts === null) return null
  const { base, ours, theirs } = texts
  const lines = mergeText(utf8(base), utf8(ours), utf8(theirs))
  const merged = lines.kind === 'merged' ? utf8Text(lines.bytes) : mergeWords(texts)
  return merged === null ? null : { ...textCell(merged), quotingFlipped: flippedLike(sides) }
}

function mergeWords(texts: Sides<string>): string | null {
  const { base, ours, theirs } = mapSides(texts, (text) => text.match(/\s+|[^\s]+/g) ?? [])
  if (Math.max(base.length, ours.length, theirs.length) > wordsMax) return null
  // A bounded comparison first: diff3 takes time by the square of what differs.
  if (diffLines(base, ours) === null || diffLines(base, theirs) === null) return null
  const pieces = diff3([...ours], [...base], [...theirs])
  if (pieces.some(({ conflict }) => conflict !== undefined)) return null
  return pieces.map(({ ok }) => (ok ?? []).join('')).join('')
}

/** An absent cell is an empty list or text. null: some side is something else. */
function arraysOf(sides: Sides<Cell>): Sides<string[]> | null {
  if (![sides.base, sides.ours, sides.theirs].some(({ kind }) => kind === 'json')) return null
  const arrays = mapSides(sides, (cell) =>
    isMissing(cell) ? [] : cell.kind === 'json' ? arrayElements(cellText(cell)) : null,
  )
  return arrays.base === null || arrays.ours === null || arrays.theirs === null
    ? null
    : { base: arrays.base, ours: arrays.ours, theirs: arrays.theirs }
}

function textsOf(sides: Sides<Cell>): Sides<string> | null {
  const isText = ({ kind }: Cell): boolean => kind === 'text' || kind === 'absent' || kind === 'null'
  if (![sides.base, sides.ours, sides.theirs].every(isText)) return null
  return mapSides(sides, (cell) => (isMissing(cell) ? '' : cellText(cell)))
}

function isMissing({ kind }: Cell): boolean {
  return kind === 'absent' || kind === 'null'
}

/** As a side spells a cell without text, else as the table does. */
function emptyLike({ ours, theirs }: Sides<Cell>, cells: Schema['cells']): Cell {
  const empty = [ours, theirs].find((cell) => cell.bytes.length === 0)
  return empty ?? (cells === 'text' ? absentCell : textCell(''))
}

function flippedLike({ ours, theirs }: Sides<Cell>): boolean {
  return (ours.kind === 'text' ? ours : theirs).quotingFlipped
}

function mapSides<A, B>({ base, ours, theirs }: Sides<A>, of: (side: A) => B): Sides<B> {
  return { base: of(base), ours: of(ours), theirs: of(theirs) }
}
