// The layout of a row event, for one that is too long to be held (../../cut-bytes.ts). What is left of it reads as a row
// event does, but that behind a length of more than a cell may have there is no value.
import { corrupt } from '../../../base/errors.ts'
import { cellBytesMax } from '../../../table/row.ts'
import { type Steps, keep, skip, skipAll } from '../../cut-bytes.ts'
import { type MappedTable, isUpdate, isWide } from './events.ts'
import { type ValueLayout, valueLayout } from './value-layout.ts'

type Types = MappedTable['types']
/** By column that is in it. */
type Image = readonly (ValueLayout | null)[]

/** Behind the event's head, without end: its length ends it. `typesOf`: of the columns of a table, by its number. */
export function* rowSteps(type: number, typesOf: (id: number) => Types): Steps {
  const types = typesOf((yield keep(8)).readUIntLE(0, 6))
  if (isWide(type)) yield keep(Math.max(0, (yield keep(2)).readUInt16LE() - 2))
  const first = (yield keep(1))[0]!
  const width = first < 0xfb ? first : (yield keep(2)).readUInt16LE()
  if (width !== types.length || first > 0xfc)
    throw corrupt('the binary log has a row of another width than its table')
  const layouts = types.map(valueLayout)
  const images: Image[] = []
  for (let i = isUpdate(type) ? 2 : 1; i > 0; i--) {
    const present = yield keep((width + 7) >> 3)
    const image = layouts.filter((_, column) => isSet(present, column))
    if (image.length === 0) throw corrupt('the binary log has a row without columns')
    images.push(image)
  }
  for (;;) for (const image of images) yield* imageSteps(image)
}

function* imageSteps(image: Image): Steps {
  const nulls = Buffer.from(yield keep((image.length + 7) >> 3))
  for (const [i, layout] of image.entries()) {
    if (isSet(nulls, i)) continue
    // Only tables that no link reads have such.
    if (layout === null) yield skipAll
    else if ('fixed' in layout) yield keep(layout.fixed)
    else {
      const length = (yield keep(layout.prefix)).readUIntLE(0, layout.prefix)
      yield length > cellBytesMax ? skip(length) : keep(length)
    }
  }
}

function isSet(bits: Buffer, i: number): boolean {
  return ((bits[i >> 3]! >> (i & 7)) & 1) === 1
}
