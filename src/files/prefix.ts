// A prefix selects a file or all that lies below a directory. In a tree that is one range of keys, from the path
// itself to the last key below 'path/'; names like 'path-2' and 'path.csv' lie in between and are passed over.
import type { KeyRange } from '../prolly/interface.ts'
import type { Path } from './interface.ts'
import { pathToBytes } from './path.ts'

const slash = 0x2f

export interface PrefixRange extends KeyRange {
  readonly contains: (key: Uint8Array) => boolean
}

export function prefixRange(prefix: Path | undefined): PrefixRange {
  const name = pathToBytes(prefix?.replace(/\/+$/, '') ?? '')
  if (name.length === 0) return { contains: () => true }
  return {
    from: name,
    before: belowEnd(name),
    contains: (key) => key.length === name.length || key[name.length] === slash,
  }
}

/** The range of all keys below the directory. */
export function belowRange(directory: Uint8Array): KeyRange {
  if (directory.length === 0) return {}
  const from = new Uint8Array(directory.length + 1)
  from.set(directory)
  from[directory.length] = slash
  return { from, before: belowEnd(directory) }
}

/** The first key after all that lie below the directory. */
export function belowEnd(directory: Uint8Array): Uint8Array {
  const before = new Uint8Array(directory.length + 1)
  before.set(directory)
  before[directory.length] = slash + 1
  return before
}
