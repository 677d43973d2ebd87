// Holds the worktree against what is tracked: which files are proven to be as they are tracked, by their stat alone,
// and which have to be looked into, are new, or are missing. Sockets, devices, nested repositories and names that no
// tree can hold are reported, not silently dropped.
import { isVarveError } from '../base/errors.ts'
import { takeTurn } from '../base/turns.ts'
import type { Path } from '../files/interface.ts'
import { pathFault, safePath } from '../files/path.ts'
import type { PathSelection, Selector } from '../files/path-selection.ts'
import { TrackedNames, standsFor } from './case-folding.ts'
import { type FileStat, fileStatOf } from './file-stat.ts'
import type { FolderRecords } from './stat-cache/folder-records.ts'
import type { SkippedPath } from './interface.ts'
import { PathLookup, lstatAt } from './native.ts'
import { isOwnName } from './ignore-rules.ts'
import type { KnownFile } from './stat-cache/record.ts'
import type { TrackedFiles } from './stat-cache/tracked-files.ts'
import { type WalkVisitor, walkWorktree } from './walk.ts'

export interface SurveyOptions {
  /** Paths to walk from; '' is the root. Tracked files are found without, even where the rules ignore them. */
  readonly from: readonly Path[]
  /** What was named: of the walk, too, only what it has is looked at. */
  readonly spec: PathSelection
  /** Which tracked paths count; null: all. The others are as if they were not tracked. */
  readonly has: ((path: Path) => boolean) | null
  /** Whether a file whose name differs from a tracked one in case alone is that one. */
  readonly ignoreCase: boolean
  readonly signal?: AbortSignal | undefined
}

const unseen = 0
const seen = 1
const proven = 2

export class Survey {
  /** Every file but those that are proven to be as they are tracked. */
  readonly files: Map<Path, FileStat> = new Map()
  /** Tracked paths without a file. */
  readonly missing: Path[] = []
  readonly skipped: SkippedPath[] = []
  /** What the ignore rules name and nobody tracks; folders as 'folder/'. */
  readonly ignored: Path[] = []
  readonly #root: string
  readonly #tracked: TrackedFiles
  readonly #options: SurveyOptions
  readonly #states = new Map<Path, Uint8Array>()
  #names: TrackedNames | null = null

  private constructor(root: string, tracked: TrackedFiles, options: SurveyOptions) {
    this.#root = root
    this.#tracked = tracked
    this.#options = options
  }

  static async of(root: string, tracked: TrackedFiles, options: SurveyOptions): Promise<Survey> {
    const survey = new Survey(root, tracked, options)
    await walkWorktree(root, options.from, survey.#visitor(), options.signal)
    await survey.#lookForRest()
    return survey
  }

  /** What is known of a path, if it counts as tracked. */
  known(path: Path): KnownFile | null {
    return this.#options.has === null || this.#options.has(path) ? this.#tracked.get(path) : null
  }

  /** Whether the path counts as tracked, or one below it does; of a pattern, whether it matches what is tracked. */
  covers({ path, matches }: Selector): boolean {
    if (path === null) return matchesAny(this.#trackedPaths(), matches)
    if (this.known(path) !== null) return true
    for (const [folder, { names }] of this.#tracked.folders()) {
      if (folder !== path && !folder.startsWith(`${path}/`)) continue
      if (names.some((name) => this.#counts(folder, name))) return true
    }
    return false
  }

  /** The files that are proven to be unchanged. */
  *proven(): Generator<{ readonly path: Path; readonly records: FolderRecords; readonly index: number }> {
    for (const [folder, records] of this.#tracked.folders()) {
      const states = this.#states.get(folder)
      for (let i = 0; states !== undefined && i < states.length; i++)
        if (states[i] === proven) yield { path: joined(folder, records.names[i]!), records, index: i }
    }
  }

  #visitor(): WalkVisitor {
    const { spec } = this.#options
    let at: Path | null = null
    let records: FolderRecords | null = null
    let states: Uint8Array = new Uint8Array(0)
    return {
      file: (folder, name, place) => {
        if (folder !== at) {
          at = folder
          records = this.#tracked.folder(folder)
          if (records !== null) states = this.#statesOf(folder, records)
        }
        if (!spec.isPlain && !spec.has(joined(folder, name))) return
        const i = records === null ? -1 : records.find(name)
        if (i !== -1 && states[i] !== unseen) return
        const stat = lstatAt(place, name, folder)
        if (stat === null) return
        const file = fileStatOf(stat)
        if (i === -1 && this.#options.ignoreCase) {
          this.#takeFolded(joined(folder, name), file)
          return
        }
        if (i !== -1 && file !== null && records!.proves(i, file) && this.#counts(folder, name)) {
          states[i] = proven
        } else if (this.#take(joined(folder, name), file) && i !== -1) {
          states[i] = seen
        }
      },
      repository: (folder) => {
        if (spec.has(folder)) this.skipped.push({ path: `${folder}/`, reason: 'is a repository of its own' })
      },
      enters: (folder) => !spec.excludes(folder),
      passedOver: (path, isFolder) => this.#passOver(path, isFolder),
    }
  }

  /** A file whose path is not tracked as it is spelled here. The one that it stands for is looked at with the rest. */
  #takeFolded(path: Path, file: FileStat | null): void {
    const names = (this.#names ??= new TrackedNames(this.#trackedPaths()))
    const tracked = names.of(path)
    if (tracked !== null && standsFor(this.#root, path, tracked)) return
    this.#take(names.inFolder(path), file)
  }

  *#trackedPaths(): Generator<Path> {
    for (const [folder, { names }] of this.#tracked.folders())
      for (const name of names) yield joined(folder, name)
  }

  #passOver(path: Path, isFolder: boolean): void {
    if (path.split('/').some(isOwnName) || !this.#options.spec.has(path)) return
    const isTracked = isFolder ? this.#tracked.hasFolder(path) : this.#tracked.get(path) !== null
    if (!isTracked) this.ignored.push(isFolder ? `${path}/` : path)
  }

  /** Tracked files that no walk came by: outside of where it began, or where the rules ignore them. */
  async #lookForRest(): Promise<void> {
    const lookup = new PathLookup(this.#root)
    for (const [folder, records] of this.#tracked.folders()) {
      await takeTurn(this.#options.signal)
      const states = this.#statesOf(folder, records)
      for (let i = states.indexOf(unseen); i !== -1; i = states.indexOf(unseen, i + 1)) {
        const name = records.names[i]!
        if (!this.#counts(folder, name)) continue
        const path = joined(folder, name)
        const stat = lookup.look(path)
        const file = stat === null ? null : fileStatOf(stat)
        if (file === null) this.missing.push(path)
        else if (records.proves(i, file)) states[i] = proven
        else this.files.set(path, file)
      }
    }
  }

  /** Whether it is a file that a tree can hold. */
  #take(path: Path, file: FileStat | null): boolean {
    const fault = file === null ? 'is not a file, folder or symlink' : faultOf(path)
    if (fault !== null) this.skipped.push({ path, reason: fault })
    else this.files.set(path, file!)
    return fault === null
  }

  #counts(folder: Path, name: string): boolean {
    return this.#options.has === null || this.#options.has(joined(folder, name))
  }

  #statesOf(folder: Path, records: FolderRecords): Uint8Array {
    let states = this.#states.get(folder)
    if (states === undefined) this.#states.set(folder, (states = new Uint8Array(records.names.length)))
    return states
  }
}

function matchesAny(paths: Iterable<Path>, matches: (path: Path) => boolean): boolean {
  for (const path of paths) if (matches(path)) return true
  return false
}

function joined(folder: Path, name: string): Path {
  return folder === '' ? name : `${folder}/${name}`
}

/** Why the path is refused, or null. */
function faultOf(path: Path): string | null {
  try {
    safePath(path)
    return null
  } catch (error) {
    if (!isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
    return pathFault(path)
  }
}
