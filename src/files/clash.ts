// A path that is a file cannot be a directory too. Whether an update would make one so is asked of the paths that it
// adds: no directory above one of them may be an entry, and no entry may lie below one of them. Paths that are there
// already were asked when they came.
import { compareRanges } from '../base/bytes.ts'
import { VarveError } from '../base/errors.ts'
import { keyAt } from '../prolly/entry-batch.ts'
import type { ProllyMap } from '../prolly/map.ts'
import type { ReadOptions } from '../store/interface.ts'
import type { Path, TreeEntry } from './interface.ts'
import { pathFromBytes, pathToBytes } from './path.ts'
import { belowRange } from './prefix.ts'

const slash = 0x2f
const looksAtOnce = 256
/** One look below a path costs about as much as passing over so many entries. */
const looksWorthScan = 32

type Changes = ReadonlyMap<Path, TreeEntry | null>

/** @throws VarveError VARVE_RULE_VIOLATED */
export async function checkClashes(map: ProllyMap, changes: Changes, options: ReadOptions): Promise<void> {
  const added = await addedPaths(map, changes, options)
  const above = new Set<Path>()
  for (const path of added) {
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const directory = path.slice(0, at)
      if (above.has(directory)) break
      above.add(directory)
      if (changes.get(directory)) throw clash(directory)
    }
  }
  if (map.count === 0) return
  const kept = [...above].filter((directory) => !changes.has(directory))
  const entries = await map.getMany(kept.map(pathToBytes), options)
  const found = entries.findIndex((entry) => entry !== null)
  if (found !== -1) throw clash(kept[found]!)
  if (added.length * looksWorthScan > map.count) return checkAll(map, changes, options)
  for (let i = 0; i < added.length; i += looksAtOnce) {
    await Promise.all(added.slice(i, i + looksAtOnce).map((path) => checkBelow(map, path, changes, options)))
  }
}

async function addedPaths(map: ProllyMap, changes: Changes, options: ReadOptions): Promise<Path[]> {
  const set: Path[] = []
  for (const [path, entry] of changes) if (entry !== null) set.push(path)
  if (map.count === 0) return set
  const known = await map.getMany(set.map(pathToBytes), options)
  return set.filter((_, i) => known[i] === null)
}

/** What lies below a path that becomes a file must go in the same update. */
async function checkBelow(map: ProllyMap, path: Path, changes: Changes, options: ReadOptions): Promise<void> {
  const range = belowRange(pathToBytes(path))
  if ((await map.countRange(range)) === 0) return
  for await (const batch of map.scan({ ...range, ...options })) {
    for (let i = 0; i < batch.count; i++) {
      if (changes.get(pathFromBytes(keyAt(batch, i))) !== null) throw clash(path)
    }
  }
}

/** The same for many added paths: asks every entry that stays whether a directory above it becomes a file. */
async function checkAll(map: ProllyMap, changes: Changes, options: ReadOptions): Promise<void> {
  for await (const batch of map.scan(options)) {
    for (let i = 0; i < batch.count; i++) {
      const path = pathFromBytes(keyAt(batch, i))
      if (changes.get(path) === null) continue
      for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
        if (changes.get(path.slice(0, at))) throw clash(path.slice(0, at))
      }
    }
  }
}

function clash(path: Path): VarveError {
  return new VarveError('VARVE_RULE_VIOLATED', `path '${path}' is a file and a directory at once`, {
    data: { path },
    hint: 'remove or rename one of the two',
  })
}

/** Finds clashes in keys that come in order; only an entry that begins the next key can be a directory above it. */
export class ClashFinder {
  readonly #above: Uint8Array[] = []

  /** @throws VarveError VARVE_RULE_VIOLATED */
  next(key: Uint8Array): void {
    while (this.#above.length > 0 && !beginsWith(key, this.#above.at(-1)!)) this.#above.pop()
    for (const entry of this.#above) if (key[entry.length] === slash) throw clash(pathFromBytes(entry))
    this.#above.push(key)
  }
}

function beginsWith(key: Uint8Array, start: Uint8Array): boolean {
  return key.length >= start.length && compareRanges(key, 0, start.length, start, 0, start.length) === 0
}
