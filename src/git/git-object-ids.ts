// Which objects a Git repository has, by the sorted names in its packs' indexes (version 2: gitformat-pack) and its
// loose files. A tree or commit that is there has all below it there too: partial and shallow clones are refused.
import fs from 'node:fs'
import path from 'node:path'
import type { Oid } from './git-objects.ts'

const magic = 0xff744f63
const fanoutBytes = 1024
const headBytes = 8 + fanoutBytes
const oidBytes = 20

export class GitObjectIds {
  readonly #dir: string
  /** Sorted names, one after the other. */
  readonly #packs: readonly Buffer[]

  private constructor(dir: string, packs: readonly Buffer[]) {
    this.#dir = dir
    this.#packs = packs
  }

  /** `dir` is the repository's folder 'objects'. */
  static open(dir: string): GitObjectIds {
    const packs = path.join(dir, 'pack')
    const names = fs.existsSync(packs) ? fs.readdirSync(packs) : []
    const whole = names.filter((name) => name.endsWith('.idx') && names.includes(`${name.slice(0, -4)}.pack`))
    return new GitObjectIds(
      dir,
      whole.map((name) => readNames(path.join(packs, name))),
    )
  }

  has(oid: Oid): boolean {
    if (!/^[0-9a-f]{40}$/.test(oid)) return false
    const bytes = Buffer.from(oid, 'hex')
    return (
      this.#packs.some((names) => isAmong(names, bytes)) ||
      fs.existsSync(path.join(this.#dir, oid.slice(0, 2), oid.slice(2)))
    )
  }
}

/** None of an index of another version: its objects are then written once more, which harms nothing. */
function readNames(file: string): Buffer {
  const fd = fs.openSync(file, 'r')
  try {
    const head = Buffer.alloc(headBytes)
    if (fs.readSync(fd, head, 0, headBytes, 0) < headBytes) return Buffer.alloc(0)
    if (head.readUInt32BE(0) !== magic || head.readUInt32BE(4) !== 2) return Buffer.alloc(0)
    const length = head.readUInt32BE(headBytes - 4) * oidBytes
    if (length > fs.fstatSync(fd).size - headBytes) return Buffer.alloc(0)
    const names = Buffer.alloc(length)
    return fs.readSync(fd, names, 0, length, headBytes) === length ? names : Buffer.alloc(0)
  } finally {
    fs.closeSync(fd)
  }
}

function isAmong(names: Buffer, oid: Buffer): boolean {
  let [low, high] = [0, names.length / oidBytes]
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = names.compare(oid, 0, oidBytes, middle * oidBytes, (middle + 1) * oidBytes)
    if (order === 0) return true
    if (order < 0) low = middle + 1
    else high = middle
  }
  return false
}
