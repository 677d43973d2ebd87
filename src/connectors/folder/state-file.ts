// A small text beside the tables, `.varve-sync.NUMBER.json`. Each state is a new file under the next number, made ready and
// then linked there, which only one can do: whoever is second has written nothing. No lock can be left behind, and a
// folder that is restored from a backup has the state that it had.
import * as fs from 'node:fs/promises'
import * as path from 'node:path'
import { randomHex } from '../../base/platform.ts'
import type { PlaceState } from '../files/interface.ts'
import { flushFolder, removeQuietly } from './native.ts'
import { hiddenPrefix, ioFault } from './staged-file.ts'

const stateName = /^\.varve-sync\.([1-9][0-9]{0,14})\.json$/
const stateBytesMax = 16 << 20
const attemptsMax = 20

function nameOf(number: number): string {
  return `${hiddenPrefix}sync.${number}.json`
}

export async function readStateFile(root: string): Promise<PlaceState> {
  for (let attempt = 1; ; attempt++) {
    const number = (await numbers(root)).at(-1)
    if (number === undefined) return { text: null, version: null }
    try {
      return { text: await readBounded(path.join(root, nameOf(number))), version: String(number) }
    } catch (error) {
      // It has made way for the next one since.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === attemptsMax)
        throw ioFault({ root, path: nameOf(number) }, error)
    }
  }
}

async function readBounded(place: string): Promise<string> {
  const { size } = await fs.stat(place)
  return size > stateBytesMax ? '' : fs.readFile(place, 'utf8')
}

/** Writes the next state; returns false when somebody else has written a later one. */
export async function writeStateFile(root: string, text: string, over: PlaceState): Promise<boolean> {
  const number = Number(over.version ?? 0) + 1
  const place = path.join(root, nameOf(number))
  const made = path.join(root, `${hiddenPrefix}state-${randomHex(8)}.tmp`)
  try {
    await fs.writeFile(made, text, { flag: 'wx', flush: true })
    if (!(await isLinked(made, place))) return false
    // Whoever was so late that the number had been free again is told by a later one.
    const all = await numbers(root)
    if (all.at(-1) !== number) {
      await removeQuietly(place)
      return false
    }
    await flushFolder(root)
    for (const old of all.slice(0, -1)) await removeQuietly(path.join(root, nameOf(old)))
    return true
  } catch (error) {
    throw ioFault({ root, path: nameOf(number) }, error)
  } finally {
    await removeQuietly(made)
  }
}

async function isLinked(made: string, place: string): Promise<boolean> {
  try {
    await fs.link(made, place)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(code ?? '')) throw error
  }
  // Without links the copy is what only one can make; a kill amid it leaves a text that says that it is none.
  try {
    await fs.copyFile(made, place, fs.constants.COPYFILE_EXCL)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function numbers(root: string): Promise<number[]> {
  const found = (await fs.readdir(root)).map((name) => stateName.exec(name)?.[1])
  return found
    .filter((one) => one !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
}
