// What became of the values of one JSON or YAML file: a heading with their number, then a line for each with its place.
import type { DocumentValues, ValueChange } from '../../index.ts'
import { counted } from '../../base/size.ts'
import type { Output } from '../output.ts'
import { shortened, visible } from '../visible.ts'
import { changedValues } from './value.ts'

/** Columns shown of a value that came or went, unless --verbose. */
const valueColumnsMax = 120

export function printValueChanges(out: Output, { changes, ...found }: DocumentValues, title: string): void {
  out.line(out.paint('bold', `${title}: ${valueSums(changes)}`))
  for (const sentence of valueNotes(found)) out.line(`  ${out.paint('dim', `(${visible(sentence)})`)}`)
  for (const change of changes) out.line(`  ${changeLine(change, out)}`)
}

/** Counts of changes: '2 values changed, 1 added'. */
export function valueSums(changes: readonly ValueChange[]): string {
  const parts: string[] = []
  for (const [kind, verb] of verbs) {
    const count = changes.filter((change) => change.kind === kind).length
    if (count > 0) parts.push(parts.length === 0 ? `${counted(count, 'value')} ${verb}` : `${count} ${verb}`)
  }
  return parts.join(', ')
}

const verbs: readonly (readonly [ValueChange['kind'], string])[] = [
  ['changed', 'changed'],
  ['added', 'added'],
  ['removed', 'removed'],
  ['reordered', 'in another order'],
]

export function valueNotes({ told, isRespelled }: Omit<DocumentValues, 'changes'>): string[] {
  const names = told.filter((name) => name !== 'value' && name !== 'position')
  return [
    ...(names.length === 0 ? [] : [`elements are told apart by ${names.join(', ')}`]),
    ...(isRespelled ? ['spelled or laid out differently besides'] : []),
  ]
}

function changeLine({ kind, path, before, after }: ValueChange, { paint, verbose }: Output): string {
  const place = visible(path)
  if (kind === 'added') return `${paint('green', `+ ${place}`)}: ${spelled(after!, verbose)}`
  if (kind === 'removed') return `${paint('red', `- ${place}`)}: ${spelled(before!, verbose)}`
  if (kind === 'reordered') return `${paint('yellow', `~ ${place}`)}: in another order`
  const [old, fresh] = changedValues(onOneLine(before!), onOneLine(after!), verbose)
  return `${paint('yellow', `~ ${place}`)}: ${paint('red', old)} -> ${paint('green', fresh)}`
}

export function spelled(value: string, whole: boolean): string {
  const text = visible(onOneLine(value))
  return whole ? text : shortened(text, valueColumnsMax)
}

export function onOneLine(value: string): string {
  return value.trim().replaceAll(/\s*\n\s*/g, ' ')
}
