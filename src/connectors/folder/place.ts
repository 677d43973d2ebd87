// A folder of this machine as a place of files.
import * as fs from 'node:fs/promises'
import * as path from 'node:path'
import type { VarveError } from '../../base/errors.ts'
import type { FilePlace, ListedFile, OpenedFile, PlaceState, StagedFile } from '../files/interface.ts'
import { PassedOverFiles } from '../files/passed-over.ts'
import type { PassedOver } from '../interface.ts'
import type { FolderAddress } from './address.ts'
import { listFiles } from './list.ts'
import { versionOf } from './native.ts'
import { OpenedFolderFile } from './opened-file.ts'
import { clearLeftovers, stageFile } from './staged-file.ts'
import { readStateFile, writeStateFile } from './state-file.ts'
import { unreachable } from '../failures.ts'
import { FolderWatch } from './watch.ts'

const hint = 'check that it is there, mounted and readable, and run the command again'

export class FolderPlace implements FilePlace {
  readonly location: string
  passedOver: readonly PassedOver[] = []
  readonly #root: string
  readonly #settleMs: number
  readonly #watch: FolderWatch
  /** Files as we have written them: those need not be left alone before they are read. */
  readonly #own = new Map<string, string>()

  private constructor(root: string, settleMs: number) {
    this.location = `folder://${root}`
    this.#root = root
    this.#settleMs = settleMs
    this.#watch = new FolderWatch(root)
  }

  /** @throws VarveError VARVE_UNREACHABLE where there is no such folder */
  static async open({ folder, settleMs }: FolderAddress): Promise<FolderPlace> {
    try {
      const root = await fs.realpath(folder)
      await fs.readdir(root)
      return new FolderPlace(root, settleMs)
    } catch (error) {
      throw folderUnreachable(folder, error as NodeJS.ErrnoException)
    }
  }

  /** What fails because the folder itself is away (a drive that is not mounted any more) is no fault of a file. */
  async #there<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error
      await fs.readdir(this.#root).catch((cause: NodeJS.ErrnoException) => {
        throw folderUnreachable(this.#root, cause)
      })
      throw error
    }
  }

  /** The folder's own number: another one in its place has another, what is copied into it has not. */
  identity(): Promise<string> {
    return this.#there(async () => {
      const { ino } = await fs.stat(this.#root, { bigint: true })
      return `folder:${ino}`
    })
  }

  list(): Promise<readonly ListedFile[]> {
    return this.#there(async () => {
      const passedOver = new PassedOverFiles()
      const files = await listFiles(this.#root, passedOver)
      this.passedOver = passedOver.list
      // Folders in it that were gone may have been so with all of it.
      await fs.stat(this.#root)
      return files
    })
  }

  open(file: string): Promise<OpenedFile> {
    return OpenedFolderFile.open(path.join(this.#root, file), file, this.#settleMs, this.#own.get(file))
  }

  /** A name that now stands for something else has another number, and so another version. */
  version(file: string): Promise<string | null> {
    return fs.lstat(path.join(this.#root, file), { bigint: true }).then(versionOf, () => null)
  }

  stage(
    file: string,
    bytes: AsyncIterable<Uint8Array>,
    over: OpenedFile | null,
    owner: string,
  ): Promise<StagedFile> {
    const onPut = (written: string): void => void this.#own.set(file, written)
    const target = { root: this.#root, path: file, over: over as OpenedFolderFile | null, onPut }
    return this.#there(() => stageFile(target, bytes, owner))
  }

  /** A file that may not be written would be replaced all the same: who took the right away did not want that. */
  async readOnly(file: string): Promise<string | null> {
    const place = path.join(this.#root, file)
    if (!(await mayWrite(path.dirname(place)))) return 'its folder may not be written'
    return (await mayWrite(place)) ? null : 'may not be written'
  }

  clearStaged(owner: string): Promise<void> {
    return this.#there(() => this.#clear(owner))
  }

  async #clear(owner: string): Promise<void> {
    const names = await fs.readdir(this.#root, { withFileTypes: true })
    const folders = names
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => path.join(this.#root, name))
    for (const folder of [this.#root, ...folders]) await clearLeftovers(folder, owner)
  }

  readState(): Promise<PlaceState> {
    return this.#there(() => readStateFile(this.#root))
  }

  writeState(text: string, over: PlaceState): Promise<boolean> {
    return this.#there(() => writeStateFile(this.#root, text, over))
  }

  changed(signal: AbortSignal): Promise<void> {
    return this.#watch.changed(signal)
  }

  close(): Promise<void> {
    this.#watch.close()
    return Promise.resolve()
  }
}

/** Of what is not there nothing forbids it. */
function mayWrite(place: string): Promise<boolean> {
  return fs.access(place, fs.constants.W_OK).then(
    () => true,
    ({ code }: NodeJS.ErrnoException) => !['EACCES', 'EPERM', 'EROFS'].includes(code ?? ''),
  )
}

function folderUnreachable(folder: string, error: NodeJS.ErrnoException): VarveError {
  const why = error.code === 'ENOENT' ? 'there is no such folder' : error.message
  return unreachable(`folder://${folder}`, why, { data: { folder }, cause: error }, hint)
}
