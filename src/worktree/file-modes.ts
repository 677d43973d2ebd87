// What a file system keeps of a file besides its bytes. exFAT and Windows keep no executable bit, FAT no symlinks, and
// they and macOS do not tell 'a' from 'A'. As in Git, `init` and `clone` try that once and note in the settings
// core.fileMode, core.symlinks and core.ignoreCase what is not as on Linux: then whether a file is executable is left as
// history has it, a symlink is a small file that holds its target, and case alone makes no other path.
import * as fs from 'node:fs'
import path from 'node:path'
import type { TreeEntry } from '../files/interface.ts'
import { fileKindOf, isExecutable } from './entries.ts'
import type { FileStat } from './file-stat.ts'

export const fileModeKey = 'core.fileMode'
export const symlinksKey = 'core.symlinks'
export const ignoreCaseKey = 'core.ignoreCase'

const ownerMayExecute = 0o100

export class FileModes {
  /** Whether files have an executable bit of their own. */
  readonly fileMode: boolean
  readonly symlinks: boolean
  /** Whether 'a' and 'A' are one file. */
  readonly ignoreCase: boolean

  constructor({ fileMode, symlinks, ignoreCase }: Pick<FileModes, 'fileMode' | 'symlinks' | 'ignoreCase'>) {
    this.fileMode = fileMode
    this.symlinks = symlinks
    this.ignoreCase = ignoreCase
  }

  static of(config: ReadonlyMap<string, string>): FileModes {
    return new FileModes({
      fileMode: config.get(fileModeKey) !== 'false',
      symlinks: config.get(symlinksKey) !== 'false',
      ignoreCase: config.get(ignoreCaseKey) === 'true',
    })
  }

  /** Tries what the file system keeps of a file `place`, which is free; what cannot be tried counts as kept. */
  static probe(place: string): FileModes {
    const probed = `${place}-probe`
    try {
      return new FileModes({
        fileMode: keepsFileMode(probed),
        symlinks: keepsSymlinks(`${place}-link`),
        ignoreCase: fs.existsSync(path.join(path.dirname(place), path.basename(probed).toUpperCase())),
      })
    } finally {
      fs.rmSync(probed, { force: true })
      fs.rmSync(`${place}-link`, { force: true })
    }
  }

  /** What a new repository's settings have to note. */
  settings(): Map<string, string> {
    const settings = new Map<string, string>()
    if (!this.fileMode) settings.set(fileModeKey, 'false')
    if (!this.symlinks) settings.set(symlinksKey, 'false')
    if (this.ignoreCase) settings.set(ignoreCaseKey, 'true')
    return settings
  }

  /** Whether a file of this kind and mode may be the entry's; its bytes are another question. */
  fits(stat: FileStat, entry: TreeEntry): boolean {
    if (this.isLinkFile(stat, entry)) return true
    return stat.kind === fileKindOf(entry) && (!this.fileMode || stat.executable === isExecutable(entry))
  }

  /** Whether the file stands for a symlink. `before` is what is tracked at its path. */
  isLinkFile(stat: FileStat, before: TreeEntry | null): boolean {
    return !this.symlinks && stat.kind === 'file' && before?.kind === 'symlink'
  }

  /** The executable bit of the file's new entry. */
  executable(stat: FileStat, before: TreeEntry | null): boolean {
    return this.fileMode ? stat.executable : before !== null && isExecutable(before)
  }
}

const allKept = new FileModes({ fileMode: true, symlinks: true, ignoreCase: false })

export function fileModesOf({ modes = allKept }: { readonly modes?: FileModes }): FileModes {
  return modes
}

/** A new file that is executable though nobody asked for it, or one whose bit cannot be changed. */
function keepsFileMode(place: string): boolean {
  try {
    fs.writeFileSync(place, '', { flag: 'wx', mode: 0o600 })
    if ((fs.lstatSync(place).mode & ownerMayExecute) !== 0) return false
    fs.chmodSync(place, 0o700)
    return (fs.lstatSync(place).mode & ownerMayExecute) !== 0
  } catch {
    // What fails here fails again, and is told, when a file is written.
    return true
  }
}

function keepsSymlinks(place: string): boolean {
  try {
    fs.symlinkSync('target', place)
    return true
  } catch (error) {
    return !cannotLink(error)
  }
}

/** Whether making a symlink failed as it does on a file system without symlinks. */
export function cannotLink(error: unknown): boolean {
  return ['ENOSYS', 'EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'EINVAL'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  )
}
