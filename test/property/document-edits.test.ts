// Two people edit one document, each written in a way of its own; what the merge says is what both edits together come
// to, and a conflict where they exclude each other.
import '../support/seed.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { utf8, utf8Text } from '../../src/base/bytes.ts'
import type { MergedDocument } from '../../src/documents/interface.ts'
import { mergeDocument } from '../../src/documents/merge-document.ts'
import { contents, edited, edits, type Content, type Item, type Scalar } from './document-edits.ts'

type Cells = ReadonlyMap<string, Scalar>
const clash = Symbol('clash')

/** What the three come to, members in any order; a clash where both changed one thing. */
function model(base: Content, ours: Content, theirs: Content): object | typeof clash {
  const settings = cells(base.settings, ours.settings, theirs.settings)
  const items = new Map<number, object>()
  for (const id of new Set([base, ours, theirs].flatMap(({ items: all }) => all.map((one) => one.id)))) {
    const [b, o, t] = [base, ours, theirs].map(({ items: all }) => all.find((one) => one.id === id))
    const merged = element(b, o, t)
    if (merged === clash) return clash
    if (merged !== null) items.set(id, merged)
  }
  if (settings === null) return clash
  return plainly({
    settings,
    items: [...items.values()],
    names: members(base.names, ours.names, theirs.names),
  })
}

function element(base?: Item, ours?: Item, theirs?: Item): object | null | typeof clash {
  const [b, o, t] = [base, ours, theirs].map((one) =>
    one === undefined ? '' : JSON.stringify(plainly(jsonOf(one))),
  )
  if (o === t || t === b) return ours === undefined ? null : jsonOf(ours)
  if (o === b) return theirs === undefined ? null : jsonOf(theirs)
  if (!base || !ours || !theirs) return clash
  const fields = cells(base.fields, ours.fields, theirs.fields)
  const box = boxOf(base.box, ours.box, theirs.box)
  if (fields === null || box === null) return clash
  return { id: base.id, ...fields, tags: members(base.tags, ours.tags, theirs.tags), box }
}

/** Two or three numbers are one value, as a point is. */
function boxOf(base: readonly number[], ours: readonly number[], theirs: readonly number[]): number[] | null {
  if (base.length <= 3) {
    const whole = threeWay(JSON.stringify(base), JSON.stringify(ours), JSON.stringify(theirs))
    return whole === undefined ? null : (JSON.parse(whole) as number[])
  }
  const merged = base.map((n, i) => threeWay(n, ours[i]!, theirs[i]!))
  return merged.includes(undefined) ? null : (merged as number[])
}

function threeWay<T>(base: T, ours: T, theirs: T): T | undefined {
  return ours === theirs || theirs === base ? ours : ours === base ? theirs : undefined
}

function cells(base: Cells, ours: Cells, theirs: Cells): Record<string, Scalar> | null {
  const merged: Record<string, Scalar> = {}
  for (const key of new Set([...base.keys(), ...ours.keys(), ...theirs.keys()])) {
    const sides = [base, ours, theirs].map((side) => (side.has(key) ? [JSON.stringify(side.get(key))] : []))
    const [b, o, t] = sides.map(([text]) => text ?? 'absent')
    const text = threeWay(b, o, t)
    if (text === undefined) return null
    if (text !== 'absent') merged[key] = JSON.parse(text!) as Scalar
  }
  return merged
}

function members(base: readonly string[], ours: readonly string[], theirs: readonly string[]): string[] {
  const kept = base.filter((one) => ours.includes(one) && theirs.includes(one))
  return [...new Set([...kept, ...[...ours, ...theirs].filter((one) => !base.includes(one))])]
}

function jsonOf(one: Item): object {
  return { id: one.id, ...Object.fromEntries(one.fields), tags: one.tags, box: one.box }
}

/** Members sorted by what they say, keys too; boxes keep their order. */
function plainly(value: unknown): object {
  return JSON.parse(
    JSON.stringify(value, (key, one: unknown) => {
      if (Array.isArray(one))
        return key === 'box'
          ? one
          : one.map(sortKeys).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      return sortKeys(one)
    }),
  ) as object
}

function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

interface Style {
  readonly indent: number
  readonly isCrlf: boolean
  readonly isMarked: boolean
  readonly isEnded: boolean
  readonly isTurned: boolean
}

const style: fc.Arbitrary<Style> = fc.record({
  indent: fc.constantFrom(2, 3, 4, 1),
  isCrlf: fc.boolean(),
  isMarked: fc.boolean(),
  isEnded: fc.boolean(),
  isTurned: fc.boolean(),
})
/** Mostly all three are written alike. */
const styles = fc.oneof(
  style.map((one) => [one, one, one] as const),
  fc.tuple(style, style, style),
)

const write = {
  json: (value: object, { indent }: Style): string => `${JSON.stringify(value, null, indent)}\n`,
  yaml: (value: object, { indent, isTurned }: Style): string =>
    stringify(value, { indent: Math.max(indent, 2), indentSeq: !isTurned, lineWidth: 0 }),
}

function bytesOf(form: 'json' | 'yaml', content: Content, own: Style): Uint8Array {
  const { settings, items, names } = content
  const value = { settings: Object.fromEntries(settings), items: items.map(jsonOf), names }
  let text = write[form](
    own.isTurned && form === 'json' ? { names, items: value.items, settings: value.settings } : value,
    own,
  )
  if (!own.isEnded && form === 'json') text = text.trimEnd()
  if (own.isCrlf) text = text.replaceAll('\n', '\r\n')
  return utf8((own.isMarked ? '\ufeff' : '') + text)
}

function read(form: 'json' | 'yaml', bytes: Uint8Array): object {
  const text = utf8Text(bytes).replace(/^\ufeff/, '')
  return plainly(form === 'json' ? JSON.parse(text) : parse(text))
}

/** Sets whose members both sides moved are ordered by a person. */
function bothMoved(base: Content, ours: Content, theirs: Content): boolean {
  const all = base.names.filter((name) => ours.names.includes(name) && theirs.names.includes(name))
  const [b, o, t] = [base, ours, theirs].map(({ names }) => names.filter((name) => all.includes(name)).join())
  return o !== b && t !== b
}

/** An item that both removed, and something that each added: under two new ids it may be the same item. */
function bothReplaced(base: Content, ours: Content, theirs: Content): boolean {
  const ids = [base, ours, theirs].map(({ items }) => new Set(items.map(({ id }) => id)))
  const [before, left, right] = ids as [Set<number>, Set<number>, Set<number>]
  const isNew = (id: number): boolean => !before.has(id)
  return (
    [...before].some((id) => !left.has(id) && !right.has(id)) &&
    [...left].some(isNew) &&
    [...right].some(isNew)
  )
}

/** One removed what the other only took something away from. */
function isReduced(base: Content, one: Content, other: Content): boolean {
  return base.items.some(
    (item) =>
      !one.items.some(({ id }) => id === item.id) &&
      other.items.some(
        ({ id, fields, tags }) =>
          id === item.id && (fields.size < item.fields.size || tags.length < item.tags.length),
      ),
  )
}

test.each(['json', 'yaml'] as const)(
  'edits of %s by two people are both in the merge, or in conflict',
  (form) => {
    fc.assert(
      fc.property(contents, edits, edits, styles, (base, left, right, [a, b, c]) => {
        const [ours, theirs] = [edited(base, left, 'ours'), edited(base, right, 'theirs')]
        const sides = {
          base: bytesOf(form, base, a),
          ours: bytesOf(form, ours, b),
          theirs: bytesOf(form, theirs, c),
        }
        const merged = mergeDocument(sides, { name: `a.${form}` }) as MergedDocument
        const turned = mergeDocument(
          { ...sides, ours: sides.theirs, theirs: sides.ours },
          { name: `a.${form}` },
        ) as MergedDocument
        expect([merged.form, merged.basis]).toEqual([form, merged.basis])
        const wanted = model(base, ours, theirs)
        expect(turned.conflicts.length).toBe(merged.conflicts.length)
        expect(
          read(
            form,
            turned.render(() => 'theirs'),
          ),
        ).toEqual(
          read(
            form,
            merged.render(() => 'ours'),
          ),
        )
        if (wanted === clash) {
          const isSoft = isReduced(base, ours, theirs) || isReduced(base, theirs, ours)
          if (!isSoft) expect(merged.conflicts).not.toEqual([])
        } else if (merged.conflicts.length > 0) {
          expect(bothMoved(base, ours, theirs) || bothReplaced(base, ours, theirs)).toBe(true)
        } else expect(read(form, merged.render())).toEqual(wanted)
      }),
      { numRuns: Number(process.env['VARVE_RUNS'] ?? 60) },
    )
  },
  600_000,
)
