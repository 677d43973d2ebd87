// Sees each call of the file system that work in this process makes below a folder, before it happens and after: a test may
// make it fail there, or press Ctrl-C. All ways of node:fs that the library uses are replaced while it lasts: those that
// answer at once, with a callback, with a promise, and those of an open file.
import fs from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

export interface FsCall {
  readonly name: string
  /** Below the folder, as '/.varve/m/…'. */
  readonly path: string
  readonly writes: boolean
}

export interface FsWatcher {
  /** What it throws is what the call fails with; nothing has happened then. */
  before?(call: FsCall): void
  /** What it throws comes in place of the call's result. */
  after?(call: FsCall): void
}

const writing = new Set(
  'write writev writeFile appendFile fsync sync datasync fdatasync rename link symlink unlink rm rmdir mkdir copyFile utimes futimes chmod fchmod truncate ftruncate'.split(
    ' ',
  ),
)
const names = [
  ...writing,
  ...'open read readv readFile readdir opendir stat lstat fstat readlink realpath access'.split(' '),
]
const opened = [
  'read',
  'readv',
  'readFile',
  'write',
  'writev',
  'writeFile',
  'sync',
  'datasync',
  'stat',
  'chmod',
  'utimes',
  'truncate',
]

/** Their second argument is the name that there is afterwards. */
const naming = new Set(['rename', 'link', 'symlink', 'copyFile'])

type Call = (...given: unknown[]) => unknown

/** Runs `work`; the folder's own calls alone are seen. */
export async function watchingFs<T>(dir: string, watcher: FsWatcher, work: () => Promise<T>): Promise<T> {
  const paths = new Map<number, string>()
  const seen = (name: string, target: unknown, flags?: unknown): FsCall | null => {
    const place = naming.has(name) ? flags : target
    const file = typeof place === 'number' ? (paths.get(place) ?? '') : String(place)
    if (!file.startsWith(dir)) return null
    const opensToWrite = name === 'open' && flags !== undefined && flags !== 'r' && flags !== 0
    return { name, path: file.slice(dir.length), writes: opensToWrite || writing.has(name) }
  }
  const once = (name: string, own: Call): Call => {
    const call: Call = (...given) => {
      const one = seen(name, given[0], given[1])
      if (one !== null) watcher.before?.(one)
      const result = own(...given)
      if (name === 'open') paths.set(result as number, String(given[0]))
      if (one !== null) watcher.after?.(one)
      return result
    }
    // fs.realpathSync.native
    return Object.assign(call, own)
  }
  const withCallback = (name: string, own: Call): Call =>
    Object.assign((...given: unknown[]) => {
      const one = seen(name, given[0], given[1])
      const done = given.at(-1) as Call
      if (one === null || typeof done !== 'function') return own(...given)
      try {
        watcher.before?.(one)
      } catch (error) {
        setImmediate(done, error)
        return undefined
      }
      return own(...given.slice(0, -1), (error: unknown, ...results: unknown[]) => {
        if (name === 'open' && error === null) paths.set(results[0] as number, String(given[0]))
        let fault = error
        try {
          if (error === null) watcher.after?.(one)
        } catch (thrown) {
          fault = thrown
        }
        done(fault, ...results)
      })
    }, own)
  const withPromise =
    (name: string, own: Call, place?: string): Call =>
    async (...given) => {
      const one = seen(name, place ?? given[0], given[1])
      if (one !== null) watcher.before?.(one)
      const result = await own(...given)
      if (one !== null) watcher.after?.(one)
      if (name === 'open' && one !== null && place === undefined) {
        const handle = result as Record<string, Call>
        for (const each of opened)
          handle[each] = withPromise(each, handle[each]!.bind(handle), String(given[0]))
      }
      return result
    }
  /** It throws nothing: what cannot be looked at is not there. */
  const exists = (own: Call): Call => {
    return (...given) => {
      const one = seen('exists', given[0])
      try {
        if (one !== null) watcher.before?.(one)
        const result = own(...given)
        if (one !== null) watcher.after?.(one)
        return result
      } catch {
        return false
      }
    }
  }
  const [real, realPromises] = [
    { ...fs } as Record<string, unknown>,
    { ...promises } as Record<string, unknown>,
  ]
  const replaced: Record<string, unknown> = { existsSync: exists(real['existsSync'] as Call) }
  const replacedPromises: Record<string, unknown> = {}
  for (const name of names) {
    if (`${name}Sync` in real) replaced[`${name}Sync`] = once(name, real[`${name}Sync`] as Call)
    if (name in real) replaced[name] = withCallback(name, real[name] as Call)
    if (name in realPromises) replacedPromises[name] = withPromise(name, realPromises[name] as Call)
  }
  Object.assign(fs, replaced)
  Object.assign(promises, replacedPromises)
  syncBuiltinESMExports()
  try {
    return await work()
  } finally {
    const back = (all: object, from: Record<string, unknown>): object =>
      Object.fromEntries(Object.keys(all).map((name) => [name, from[name]]))
    Object.assign(fs, back(replaced, real))
    Object.assign(promises, back(replacedPromises, realPromises))
    syncBuiltinESMExports()
  }
}
