// Each call of the file system that a command makes goes wrong once, as on a bad or full disk, without rights, or with too
// many open files; and Ctrl-C comes right after each. Every repository is whole afterwards, what was said is true, and the
// same command comes to the end that it would have come to. A sample by a seed that is printed; VARVE_TEST_CALLS=all: all.
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { exitCodes } from '../../src/base/errors.ts'
import { type FsCall, type FsWatcher, watchingFs } from '../support/fs-calls.ts'
import { type RanHere, runHere } from '../support/run-here.ts'
import { seedOf } from '../support/seed.ts'
import { type LocalCommand, faultsIn, foldersFor, localCommands, stateOf } from './local-commands.ts'

const all = process.env['VARVE_TEST_CALLS'] === 'all'
const seed = seedOf(process.env['VARVE_TEST_SEED'])
const sampled = 6
const toRead = ['EIO', 'EACCES']
const toWrite = ['EIO', 'ENOSPC', 'EACCES']
/** Says that it was done, or may have been. */
const saysDone =
  /done by then, and kept|may be done all the same|pushed, but|next command|is made, but|may have done so|run the same command again to continue/
const codes = [exitCodes.VARVE_IO, exitCodes.VARVE_DISK_FULL, exitCodes.VARVE_ABORTED]

const failed = (code: string, { name, path: target }: FsCall): Error =>
  Object.assign(new Error(`${code}: injected, ${name} '${target}'`), { code, syscall: name, path: target })

const codesFor = ({ name, writes }: FsCall): string[] => [
  ...(writes ? toWrite : toRead),
  ...(name === 'open' ? ['EMFILE'] : []),
]

interface Whole {
  readonly calls: readonly FsCall[]
  readonly before: unknown
  readonly wanted: unknown
  readonly code: number
}

async function wholeRun(command: LocalCommand): Promise<Whole> {
  const dir = await foldersFor(command)
  const before = await stateOf(dir)
  const calls: FsCall[] = []
  const watcher = { before: (call: FsCall) => void calls.push(call) }
  const ran = await watchingFs(dir, watcher, () => runHere(command.args, path.join(dir, 'repo')))
  expect([0, 21], ran.stderr).toContain(ran.code)
  return { calls, before, wanted: await stateOf(dir), code: ran.code }
}

/** After something went wrong: all is whole, what was said is so, and the same command ends it. */
async function judge(
  command: LocalCommand,
  dir: string,
  whole: Whole,
  ran: RanHere,
  how: string,
): Promise<void> {
  const told = `${how}\n${ran.code} ${ran.stderr}`
  expect(
    [whole.code, ...codes, ...(command.reports === true ? [exitCodes.VARVE_CORRUPT] : [])],
    told,
  ).toContain(ran.code)
  expect(ran.stderr, told).not.toContain('internal error')
  if (ran.code !== whole.code && command.reports !== true)
    expect(ran.stderr, told).toMatch(/^(?:warning: .*\n)*error: /)
  expect(await faultsIn(dir), told).toEqual([])
  const after = await stateOf(dir)
  if (ran.code === whole.code) return expect(after, told).toEqual(whole.wanted)
  const [was, is, end] = [whole.before, after, whole.wanted].map((state) => JSON.stringify(state))
  if (was !== end && is === end && saysDone.test(ran.stderr)) return
  if (is === was) expect(ran.stderr, told).not.toMatch(/done by then, and kept/)
  const again = await runHere(command.args, path.join(dir, 'repo'))
  const said = `${told}\nagain: ${again.code} ${again.stderr}`
  // Who was not told that it was done must be able to have it done; an answer that was lost cannot be told.
  const mustAnew = is === end && was !== end && !how.includes('though done')
  const already = mustAnew ? null : command.already
  if (again.code !== whole.code) expect(again.stderr, said).toMatch(already ?? /^$/)
  expect(await faultsIn(dir), said).toEqual([])
  expect(await stateOf(dir), said).toEqual(whole.wanted)
}

function chosen<T>(from: readonly T[]): T[] {
  if (all || from.length <= sampled) return [...from]
  let state = seed + from.length
  const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) >> 8
  return Array.from({ length: sampled }, () => from[next() % from.length]!)
}

interface Fault {
  readonly at: number
  readonly code: string
  /** Once, or once although it was done (as over a network), or at every write from there on. */
  readonly how: 'once' | 'though done' | 'from there on'
}

const places = ({ calls }: Whole): Fault[] =>
  calls.flatMap((call, at): Fault[] => [
    ...codesFor(call).map((code) => ({ at, code, how: 'once' }) as const),
    ...(call.writes ? [{ at, code: 'EIO', how: 'though done' } as const] : []),
    ...(call.writes && takesRoom(call) ? [{ at, code: 'ENOSPC', how: 'from there on' } as const] : []),
  ])

const takesRoom = ({ name, writes }: FsCall): boolean =>
  writes && !['unlink', 'rm', 'rmdir', 'utimes', 'futimes'].includes(name)

/** `work` for each; what falls is told at the end, all of it. */
async function forEach<T>(cases: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const fallen: Error[] = []
  for (const one of cases) await work(one).catch((error: unknown) => fallen.push(error as Error))
  if (fallen.length === 1) throw fallen[0]!
  const told = fallen.map(({ message }) => message).join('\n\n')
  if (fallen.length > 1) throw new AggregateError(fallen, `${fallen.length} of ${cases.length}: ${told}`)
}

/** Runs the command in a folder of its own while somebody watches its calls, and judges it. */
async function tried(
  command: LocalCommand,
  whole: Whole,
  watch: (how: (text: string) => void) => FsWatcher,
): Promise<void> {
  const dir = await foldersFor(command)
  let how = ''
  const watcher = watch((text) => {
    how = `seed ${seed}, ${command.name}: ${text}`
  })
  const ran = await watchingFs(dir, watcher, () => runHere(command.args, path.join(dir, 'repo')))
  await judge(command, dir, whole, ran, how)
  fs.rmSync(dir, { recursive: true })
}

test.each(localCommands)(
  'one call fails amid: $name',
  async (command) => {
    const whole = await wholeRun(command)
    await forEach(chosen(places(whole)), ({ at, code, how }) =>
      tried(command, whole, (tell) => {
        let calls = -1
        const meet = (call: FsCall): void => {
          tell(`${code} ${how} at call ${at} of ${whole.calls.length}: ${call.name} ${call.path}`)
          throw failed(code, call)
        }
        return {
          before(call) {
            calls++
            if (how === 'once' && calls === at) meet(call)
            if (how === 'from there on' && calls >= at && takesRoom(call)) meet(call)
          },
          after(call) {
            if (how === 'though done' && calls === at) meet(call)
          },
        }
      }),
    )
  },
  3_600_000,
)

test.each(localCommands)(
  'Ctrl-C amid: $name',
  async (command) => {
    const whole = await wholeRun(command)
    const writes = whole.calls.flatMap((call, at) => (call.writes ? [at] : []))
    await forEach(chosen(writes), (at) =>
      tried(command, whole, (how) => {
        let calls = 0
        return {
          after(call) {
            if (calls++ !== at) return
            how(`Ctrl-C after call ${at} of ${whole.calls.length}: ${call.name} ${call.path}`)
            process.emit('SIGINT')
          },
        }
      }),
    )
  },
  3_600_000,
)
