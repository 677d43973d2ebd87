// One call of node:fs fails, once: a bad sector, a limit of open files, a share that hiccups. Reading counts as well as
// writing. The store calls `fs` through its module object, so replacing the functions there is enough.
import fs from 'node:fs'

export interface FailedCall {
  readonly call: string
  readonly target: string
}

const syncNames = [
  'openSync',
  'readSync',
  'readFileSync',
  'readdirSync',
  'fstatSync',
  'statSync',
  'lstatSync',
  'copyFileSync',
  'renameSync',
  'unlinkSync',
  'mkdirSync',
  'utimesSync',
  'rmSync',
  'writeFileSync',
  'writeSync',
  'linkSync',
  'closeSync',
] as const
const callbackNames = ['write', 'writev', 'fsync', 'fdatasync', 'link', 'read'] as const

/** The call that failed, counted from 1 among those that have to do with `dir`; null when there were not so many. */
export async function failingOnce(
  at: number,
  dir: string,
  work: () => Promise<unknown>,
): Promise<FailedCall | null> {
  const real = { ...fs } as Record<string, unknown>
  const paths = new Map<number, string>()
  let calls = 0
  let failed: FailedCall | null = null
  const targetOf = (given: unknown): string =>
    typeof given === 'number' ? (paths.get(given) ?? '') : String(given as string)
  const fails = (call: string, given: unknown): boolean => {
    const target = targetOf(given)
    if (!target.startsWith(dir) || ++calls !== at) return false
    failed = { call, target: target.slice(dir.length) }
    return true
  }
  const fault = (call: string): Error =>
    Object.assign(new Error(`EIO: injected, ${call}`), { code: 'EIO', syscall: call })
  const replaced: Record<string, unknown> = {}
  for (const name of syncNames) {
    const own = real[name] as (...given: unknown[]) => unknown
    replaced[name] = (...given: unknown[]): unknown => {
      const isFailing = fails(name, given[0])
      // What fails to close is closed.
      if (isFailing && name !== 'closeSync') throw fault(name)
      const result = own(...given)
      if (isFailing) throw fault(name)
      if (name === 'openSync') paths.set(result as number, String(given[0] as string))
      return result
    }
  }
  for (const name of callbackNames) {
    const own = real[name] as (...given: unknown[]) => unknown
    replaced[name] = (...given: unknown[]): unknown => {
      if (!fails(name, given[0])) return own(...given)
      setImmediate(given.at(-1) as (error: Error) => void, fault(name))
      return undefined
    }
  }
  Object.assign(fs, replaced)
  try {
    await work()
  } finally {
    Object.assign(fs, Object.fromEntries(Object.keys(replaced).map((name) => [name, real[name]])))
  }
  return failed
}
