// How many bytes a value takes in a row event, for values that go by unread. The layouts are those of `readValue`, and of
// types that only tables have which no link reads.
import { decimalBytes } from './decimal-text.ts'
import type { MappedTable } from './events.ts'

/** `fixed`: so many bytes; `prefix`: a length of so many bytes, and as many as that says. */
export type ValueLayout = { readonly fixed: number } | { readonly prefix: number }

const fixedBytes: ReadonlyMap<number, number> = new Map([
  [1, 1],
  [2, 2],
  [3, 4],
  [4, 4],
  [5, 8],
  [6, 0],
  [7, 4],
  [8, 8],
  [9, 3],
  [10, 3],
  [11, 3],
  [12, 8],
  [13, 1],
  [14, 3],
])
/** BLOB and TEXT of any size, GEOMETRY, JSON, VECTOR. */
const long: ReadonlySet<number> = new Set([140, 242, 245, 249, 250, 251, 252, 255])
/** Bytes of a time without its fraction. */
const timeBytes: ReadonlyMap<number, number> = new Map([
  [17, 4],
  [18, 5],
  [19, 3],
])

/** null: of a type that is not known. */
export function valueLayout({ type, meta }: MappedTable['types'][number]): ValueLayout | null {
  const fixed = fixedBytes.get(type)
  if (fixed !== undefined) return { fixed }
  if (long.has(type)) return meta >= 1 && meta <= 4 ? { prefix: meta } : null
  const time = timeBytes.get(type)
  if (time !== undefined) return { fixed: time + ((meta + 1) >> 1) }
  switch (type) {
    case 15:
    case 141:
    case 253:
      return { prefix: meta < 256 ? 1 : 2 }
    case 16:
      return { fixed: (meta >> 8) + ((meta & 0xff) > 0 ? 1 : 0) }
    case 246:
      return { fixed: decimalBytes(meta & 0xff, meta >> 8) }
    case 254:
      return fixedLayout(meta & 0xff, meta >> 8)
    default:
      return null
  }
}

/** CHAR, BINARY, ENUM and SET. */
function fixedLayout(high: number, low: number): ValueLayout {
  if (high === 247 || high === 248) return { fixed: low }
  return { prefix: charBytesMax(high, low) < 256 ? 1 : 2 }
}

/** Two bits of the length lie upside down beside the type. */
export function charBytesMax(high: number, low: number): number {
  return (high & 0x30) === 0x30 ? low : low | (((high & 0x30) ^ 0x30) << 4)
}
