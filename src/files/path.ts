// Paths: bytes with '/' between components, as strings in JavaScript. `safePath` is the one guard that every path
// passes before it is stored, received or written to a disk. It asks the same on every platform: a path that can do
// harm on one of them (Windows, macOS) would be a trap in everybody's history.
// The known traps and where they were found: docs/format/files.md.
import { VarveError } from '../base/errors.ts'
import type { Path } from './interface.ts'
import { textFromBytes, textToBytes } from './text.ts'

/** A path is a key of a tree, and keys have 1024 bytes at most. */
export const pathBytesMax = 1000
export const componentBytesMax = 255

// The names nearly all files have. What else is asked below cannot be wrong with them: no component begins with a
// dot, and none holds a colon, a tilde, a space or a character that is not ASCII.
const plain = /^(?:[\w-][\w.-]*\/)*[\w-][\w.-]*$/

// eslint-disable-next-line no-control-regex
const control = /[\u0000-\u001f]/

/** Code points that HFS+ does not see in a name (CVE-2014-9390). */
const ignorable = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g

/** `.varve` and `.git` as names, and the short names that NTFS makes of them. */
const reserved = /^(?:\.varve|\.git|(?:varve|git)~\d+|(?:va|gi)[0-9a-f]{4}~\d+)$/

export function pathToBytes(path: Path): Uint8Array {
  return textToBytes(path)
}

/** Any bytes give a path; whether it is a safe one is `safePath`'s question. */
export function pathFromBytes(bytes: Uint8Array): Path {
  return textFromBytes(bytes)
}

/** @throws VarveError VARVE_RULE_VIOLATED that names the fault; the path itself is in `data`. */
export function safePath(path: string): Path {
  if (path.length <= componentBytesMax && plain.test(path)) return path
  const fault = pathFault(path)
  if (fault === null) return path
  const shown = JSON.stringify(path.length > 300 ? `${path.slice(0, 300)}…` : path).slice(1, -1)
  throw new VarveError('VARVE_RULE_VIOLATED', `path '${shown}' ${fault}`, {
    data: { path },
    hint: 'choose a name that every system can have, and that is none of varve or git',
  })
}

/** What is wrong with a path, or null. */
export function pathFault(path: string): string | null {
  if (path === '') return 'is empty'
  if (!standsForBytes(path)) return 'has half a character'
  if (control.test(path)) return 'has a control character'
  if (path.includes('\\')) return 'has a backslash, which Windows reads as a separator'
  if (path.startsWith('/')) return 'is absolute'
  if (/^.:/su.test(path)) return 'begins with a drive letter'
  if (lengthOf(path) > pathBytesMax) return `is longer than ${pathBytesMax} bytes`
  for (const component of path.split('/')) {
    const fault = componentFault(component)
    if (fault !== null) return fault
  }
  return null
}

function componentFault(component: string): string | null {
  if (component === '') return 'has an empty component'
  if (lengthOf(component) > componentBytesMax) return `has a component longer than ${componentBytesMax} bytes`
  const name = asTheyRead(component)
  if (/^\.[. ]*$/.test(name)) return `has the component '${component}'`
  if (reserved.test(name.replace(/[. ]+$/, ''))) return `has the reserved component '${component}'`
  return null
}

// The name as the most careless file system reads it: folded, without ignorable characters and NTFS streams. The
// Kelvin sign and the long s fold to letters that neither reserved name has.
function asTheyRead(component: string): string {
  const folded = component
    .replace(ignorable, '')
    .replace(/[\u0130\u0131]/g, 'i')
    .toLowerCase()
  const colon = folded.indexOf(':')
  return colon === -1 ? folded : folded.slice(0, colon)
}

function standsForBytes(path: string): boolean {
  try {
    textToBytes(path)
    return true
  } catch {
    return false
  }
}

function lengthOf(text: string): number {
  // A UTF-16 unit takes three bytes at most, so most lengths need no encoding.
  return text.length * 3 <= componentBytesMax ? text.length : textToBytes(text).length
}
