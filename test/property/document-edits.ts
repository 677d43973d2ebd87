// Random documents that two people edit: a base, edits of two sides, and what both together come to. The model applies
// the edits to plain maps and sets; it knows neither text, nor the order of members, nor how the engine aligns them.
import fc from 'fast-check'

export type Scalar = string | number | boolean | null

export interface Item {
  readonly id: number
  readonly fields: ReadonlyMap<string, Scalar>
  readonly tags: readonly string[]
  readonly box: readonly number[]
}

export interface Content {
  readonly settings: ReadonlyMap<string, Scalar>
  readonly items: readonly Item[]
  readonly names: readonly string[]
}

export type Edit =
  | { readonly kind: 'set' | 'unset'; readonly key: string; readonly value: Scalar }
  | {
      readonly kind: 'set field' | 'unset field'
      readonly item: number
      readonly key: string
      readonly value: Scalar
    }
  | { readonly kind: 'add item' | 'remove item' | 'move item'; readonly item: number; readonly at: number }
  | { readonly kind: 'add tag' | 'remove tag'; readonly item: number; readonly tag: string }
  | { readonly kind: 'set box'; readonly item: number; readonly at: number; readonly value: number }
  | { readonly kind: 'add name' | 'remove name'; readonly name: string; readonly at: number }

/** What writers of YAML and JSON get wrong: texts that look like something else. */
const texts = [
  'plain',
  'yes',
  '007',
  '1.50',
  'a: b',
  '# no',
  '- x',
  ' lead',
  'trail ',
  '"q"',
  "it's",
  'é 漢',
  'two\nlines',
  '',
  '~',
  'null',
  '{x',
  '[y',
  '&z',
  '*s',
  '!t',
  '%u',
  '@v',
  'a, b',
  'tab\there',
]
export const scalars: fc.Arbitrary<Scalar> = fc.oneof(
  fc.constantFrom(...texts),
  fc.constantFrom<Scalar>(0, 1, -2.5, 1e21, true, false, null),
)
const keys = ['title', 'state', 'note', 'n', 'extra one', 'z']
const tags = ['red', 'green', 'blue', 'amber', 'yes', '12']
const names = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay', 'gus', 'hal']

const fields = fc.dictionary(fc.constantFrom(...keys), scalars, { noNullPrototype: true, maxKeys: 4 })
const someTags = fc.subarray(tags, { minLength: 0 })
export const contents: fc.Arbitrary<Content> = fc
  .record({
    settings: fields,
    items: fc.array(
      fc.tuple(fields, someTags, fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 2, maxLength: 4 })),
      {
        maxLength: 6,
      },
    ),
    names: fc.shuffledSubarray(names),
  })
  .map(({ settings, items, names: all }) => ({
    settings: new Map(Object.entries(settings)),
    items: items.map(([own, ownTags, box], i) => ({
      id: i + 1,
      fields: new Map(Object.entries(own)),
      tags: ownTags,
      box: box.map((n) => n + 0.5),
    })),
    names: all,
  }))

const item = fc.integer({ min: 1, max: 6 })
const at = fc.nat(6)
export const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('set' as const, 'unset' as const),
      key: fc.constantFrom(...keys),
      value: scalars,
    }),
    fc.record({
      kind: fc.constantFrom('set field' as const, 'unset field' as const),
      item,
      key: fc.constantFrom(...keys),
      value: scalars,
    }),
    fc.record({ kind: fc.constant('add item' as const), item: fc.integer({ min: 20, max: 29 }), at }),
    fc.record({ kind: fc.constantFrom('remove item' as const, 'move item' as const), item, at }),
    fc.record({
      kind: fc.constantFrom('add tag' as const, 'remove tag' as const),
      item,
      tag: fc.constantFrom(...tags),
    }),
    fc.record({
      kind: fc.constant('set box' as const),
      item,
      at: fc.nat(3),
      value: fc.integer({ min: 20, max: 40 }),
    }),
    fc.record({
      kind: fc.constantFrom('add name' as const, 'remove name' as const),
      name: fc.constantFrom(...names, 'new1', 'new2'),
      at,
    }),
  ),
  { maxLength: 5 },
)

/** The content after the edits; those that fit nothing change nothing. `side` tells apart what each adds. */
export function edited(content: Content, all: readonly Edit[], side: string): Content {
  const settings = new Map(content.settings)
  let items = [...content.items]
  let list = [...content.names]
  const change = (id: number, to: (one: Item) => Item): void => {
    items = items.map((one) => (one.id === id ? to(one) : one))
  }
  for (const edit of all) {
    if (edit.kind === 'set') settings.set(edit.key, edit.value)
    else if (edit.kind === 'unset') settings.delete(edit.key)
    else if (edit.kind === 'set field')
      change(edit.item, (one) => ({ ...one, fields: new Map([...one.fields, [edit.key, edit.value]]) }))
    else if (edit.kind === 'unset field')
      change(edit.item, (one) => ({
        ...one,
        fields: new Map([...one.fields].filter(([key]) => key !== edit.key)),
      }))
    else if (edit.kind === 'add tag')
      change(edit.item, (one) => ({
        ...one,
        tags: one.tags.includes(edit.tag) ? one.tags : [...one.tags, edit.tag],
      }))
    else if (edit.kind === 'remove tag')
      change(edit.item, (one) => ({ ...one, tags: one.tags.filter((tag) => tag !== edit.tag) }))
    else if (edit.kind === 'set box')
      change(edit.item, (one) => ({
        ...one,
        box: one.box.map((n, i) => (i === edit.at ? edit.value + 0.25 : n)),
      }))
    else if (edit.kind === 'remove item') items = items.filter(({ id }) => id !== edit.item)
    else if (edit.kind === 'move item') {
      const moved = items.filter(({ id }) => id === edit.item)
      items = items.filter(({ id }) => id !== edit.item)
      items.splice(edit.at, 0, ...moved)
    } else if (edit.kind === 'add item') {
      if (items.some(({ id }) => id === edit.item)) continue
      const added = {
        id: edit.item,
        fields: new Map<string, Scalar>([['title', `${side} ${edit.item}`]]),
        tags: [side],
        box: [1.5, 2.5],
      }
      items.splice(edit.at, 0, added)
    } else if (edit.kind === 'add name' || edit.kind === 'remove name') {
      list = list.filter((name) => name !== edit.name)
      if (edit.kind === 'add name') list.splice(edit.at, 0, edit.name)
    }
  }
  return { settings, items, names: list }
}
