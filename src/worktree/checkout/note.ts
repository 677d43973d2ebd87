// A note of a checkout under way: .varve/checkouts/<random>.json, flushed before the manifest moves, removed when the
// files have followed. One that its process left behind says that the files may still show the old tree: who finishes that
// makes it a note of their own first.
import * as fs from 'node:fs'
import { randomHex } from '../../base/platform.ts'
import { type Cid, isCid } from '../../encoding/cid.ts'
import type { Route } from '../../repo/interface.ts'
import type { Worktree } from '../interface.ts'
import { errnoOf, fsFault, withPathErrors } from '../native.ts'

export interface CheckoutIntent extends Route {
  /** The manifest before the move: the next one is the move's, or it was not published. */
  readonly sequence: number
}

export interface CheckoutNote {
  readonly name: string
}

const noteName = /^[0-9a-f]{16}(\.left)?\.json$/
const noteBytesMax = 4096

/** Notes of this process that are not left behind. */
const active = new Set<string>()

export function writeNote(worktree: Pick<Worktree, 'dotDir'>, intent: CheckoutIntent): CheckoutNote {
  const folder = folderOf(worktree)
  const name = `${randomHex(8)}.json`
  const place = `${folder}/${name}`
  withPathErrors(place, 'writing', () => {
    makeFolder(folder)
    try {
      fs.writeFileSync(place, JSON.stringify({ ...intent, pid: process.pid, born: birthOf(process.pid) }), {
        flag: 'wx',
        flush: true,
        mode: 0o600,
      })
      flushFolder(folder)
    } catch (error) {
      fs.rmSync(place, { force: true })
      throw error
    }
  })
  active.add(name)
  return { name }
}

export function removeNote(worktree: Pick<Worktree, 'dotDir'>, note: CheckoutNote): void {
  active.delete(note.name)
  withPathErrors(note.name, 'removing', () =>
    fs.rmSync(`${folderOf(worktree)}/${note.name}`, { force: true }),
  )
}

/**
 * The work failed half way: whoever opens the repository next finishes it, although this process may live on. Where the note
 * cannot be given its other name (the disk is full), others wait for this process; why the work failed is what there is to say.
 */
export function abandonNote(worktree: Pick<Worktree, 'dotDir'>, { name }: CheckoutNote): void {
  active.delete(name)
  const place = `${folderOf(worktree)}/${name}`
  try {
    fs.renameSync(place, place.replace(/\.json$/, '.left.json'))
  } catch {
    // It stays under its name.
  }
}

/**
 * Makes a note that was left behind this process's own, so that others wait for who finishes it. null: another has it already.
 */
export function takeNote(
  worktree: Pick<Worktree, 'dotDir'>,
  left: CheckoutNote,
  intent: CheckoutIntent,
): CheckoutNote | null {
  const note = writeNote(worktree, intent)
  try {
    fs.unlinkSync(`${folderOf(worktree)}/${left.name}`)
    return note
  } catch (error) {
    removeNote(worktree, note)
    if (errnoOf(error) === 'ENOENT') return null
    throw fsFault(error, left.name, 'removing')
  }
}

/** The processes whose checkouts are not done yet, this one included. */
export function checkoutsUnderWay(worktree: Pick<Worktree, 'dotDir'>): number[] {
  const pids: number[] = []
  for (const name of namesIn(folderOf(worktree))) {
    if (!noteName.test(name)) continue
    const note = readNote(`${folderOf(worktree)}/${name}`)
    if (active.has(name)) pids.push(process.pid)
    else if (note !== 'gone' && note !== null && note.pid !== process.pid && isUnderWay(name, note))
      pids.push(note.pid)
  }
  return pids
}

/** Notes whose process is gone. A note that does not read was never finished: its manifest was not written either. */
export function notesLeftBehind(
  worktree: Pick<Worktree, 'dotDir'>,
): (CheckoutNote & { readonly intent: CheckoutIntent | null })[] {
  const left: (CheckoutNote & { intent: CheckoutIntent | null })[] = []
  for (const name of namesIn(folderOf(worktree))) {
    const note = noteName.test(name) ? readNote(`${folderOf(worktree)}/${name}`) : 'gone'
    if (note === 'gone' || active.has(name)) continue
    if (note !== null && note.pid !== process.pid && isUnderWay(name, note)) continue
    left.push({ name, intent: note?.intent ?? null })
  }
  return left
}

/** Node's recursive way says of a file system that is read-only that the folder is missing. */
function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
}

function folderOf(worktree: Pick<Worktree, 'dotDir'>): string {
  return `${worktree.dotDir}/checkouts`
}

function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

interface Note {
  readonly pid: number
  readonly born: string | null
  readonly intent: CheckoutIntent
}

function readNote(place: string): Note | null | 'gone' {
  try {
    if (fs.statSync(place).size > noteBytesMax) return null
    const value: unknown = JSON.parse(fs.readFileSync(place, 'utf8'))
    if (typeof value !== 'object' || value === null) return null
    const { from, to, index, operation, witness, sequence, pid, born } = value as Record<string, unknown>
    if (!isTree(from) || !isTree(to) || !isTree(index) || !isWitness(witness)) return null
    if (typeof operation !== 'string') return null
    if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(pid)) return null
    const intent = { from, to, index, operation, witness, sequence: sequence as number }
    return { pid: pid as number, born: typeof born === 'string' ? born : null, intent }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 'gone'
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function isTree(value: unknown): value is Cid {
  return typeof value === 'string' && isCid(value)
}

function isWitness(value: unknown): value is Route['witness'] {
  if (value === null) return true
  if (!Array.isArray(value) || value.length !== 2) return false
  const [ref, cid] = value as unknown[]
  return typeof ref === 'string' && (cid === null || isTree(cid))
}

function isUnderWay(name: string, note: Note): boolean {
  return !name.endsWith('.left.json') && isAlive(note)
}

function isAlive({ pid, born }: Note): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') return false
  }
  const now = born === null ? null : birthOf(pid)
  return now === null || now === born
}

/**
 * When the process began, after which start of the system: its number alone is soon another's, in a container most of all.
 * null where the system does not tell.
 */
function birthOf(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1')
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
    return `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  } catch {
    return null
  }
}

function flushFolder(folder: string): void {
  const fd = fs.openSync(folder, 'r')
  try {
    fs.fsyncSync(fd)
  } finally {
    fs.closeSync(fd)
  }
}
