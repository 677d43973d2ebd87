// One Git host and our copy of what it holds. In the cache folder lie Git's objects, shared by all runs, and the last
// commit that was seen; each run has a private folder with a Git repository that borrows those objects, so that no two
// runs meet a lock of each other. The copy is shallow: of the host's ref only the newest commit is fetched, and of that
// only what is new. All of the cache may be lost at any time.
//
//   git/<hash of the URL>/objects/        Git's objects
//   git/<hash of the URL>/tip             the commit that was seen last, its listing, its newest manifest
//   git/<hash of the URL>/run-<pid>-<random>/git/    HEAD, config, refs, shallow
//   git/<hash of the URL>/run-<pid>-<random>/store/  files of the store, brought here when they are read
import fs from 'node:fs'
import path from 'node:path'
import { equalBytes } from '../../../base/bytes.ts'
import { VarveError, corrupt, throwIfAborted } from '../../../base/errors.ts'
import type { OpenRemoteOptions, RemoteProgress } from '../../interface.ts'
import { whileMoving } from '../../while-moving.ts'
import { gitEnvironment } from './environment.ts'
import { isDenied, mayPass, unreachable, waitBefore } from './failure.ts'
import { type CommitPlan, importStream, importedListing } from './import-stream.ts'
import { type Blob, type Listing, readListing } from './listing.ts'
import {
  type GitFinished,
  type GitProgram,
  type RunOptions,
  lastLine,
  runGit,
  runGitForOutput,
  runGitInto,
} from './run.ts'
import { type RunFolder, type Tip, makeRunFolder } from './run-folder.ts'
import type { GitUrl } from './url.ts'

export const dataRef = 'refs/varve/data'
const listingBytesMax = 64 << 20
const attemptsMax = 6
/** Blobs are read from Git in this many bytes at once. */
export const togetherBytesMax: number = 16 << 20

const traceBytesMax = 64 << 10
/** How a host's answer begins, as Git traces it. */
const isGitHost = /packet: +\S+< (?:# service=git-upload-pack|version [12])/

export class GitHost {
  readonly url: GitUrl
  /** For the store's files. */
  readonly storeDir: string
  readonly #folder: RunFolder
  readonly #git: GitProgram
  readonly #onProgress: ((progress: RemoteProgress) => void) | undefined

  constructor(url: GitUrl, options: OpenRemoteOptions) {
    this.url = url
    this.#folder = makeRunFolder(url, options.cacheDir)
    this.storeDir = this.#folder.storeDir
    this.#onProgress = options.onProgress
    this.#git = {
      environment: gitEnvironment(options.environment, this.#folder, url.protocols),
      dir: this.#folder.dir,
      signal: options.signal,
    }
  }

  /** The commit that the cache has; null when it has none. */
  get cached(): Tip | null {
    return this.#folder.tip()
  }

  /** Notes that the cache has this commit, and all of its files. */
  remember(tip: Tip): void {
    this.#folder.remember(tip)
  }

  /** The commit that the host's ref names now; null when there is no such ref. One request, or two for null. */
  async tip(): Promise<string | null> {
    const words = ['ls-remote', '--', this.url.url, dataRef]
    const tip = tipIn(await this.#reach(words))
    if (tip !== null || !/^https?:/.test(this.url.url)) return tip
    // A page that somebody else answers with is, to Git, a list of no refs: so it is asked once more, and what it was told is looked at.
    const traced = { ...this.#git, environment: { ...this.#git.environment, GIT_TRACE_PACKET: '1' } }
    let said = ''
    // Its beginning: an old host tells all of its refs behind it.
    const onMessage = (text: string): void => void (said.length < traceBytesMax && (said += text))
    const finished = await this.#reach(words, { onMessage }, traced)
    if (isGitHost.test(said)) return tipIn(finished)
    throw new VarveError('VARVE_UNREACHABLE', `cannot reach '${this.url.shown}': no Git host answers there`, {
      data: { url: this.url.shown },
      hint: 'open the address in a browser: a network may ask to sign in first',
    })
  }

  /** Brings what the cache lacks of the newest commit, which may be newer than the one just seen. */
  async fetch(): Promise<string> {
    const quiet = ['--no-tags', '--no-write-fetch-head', '--no-auto-gc', '--no-recurse-submodules']
    const words = ['fetch', '--depth=1', '--force', '--progress', ...quiet, '--', this.url.url]
    await this.#reach([...words, `+${dataRef}:${dataRef}`], { onMessage: this.#progress('receiving') })
    const commit = fs.readFileSync(path.join(this.#folder.gitDir, dataRef), 'utf8').trim()
    this.#folder.show(commit)
    return commit
  }

  /** @throws VarveError VARVE_CORRUPT for anything that is no file of a store */
  async list(commit: string): Promise<Listing> {
    const words = ['ls-tree', '-r', '-z', '-l', commit]
    const finished = await runGit(this.#git, words, { outputBytesMax: listingBytesMax })
    if (finished.code !== 0) throw corrupt(`the data at '${this.url.shown}' cannot be read`, { commit })
    // Names of ours are ASCII; others need only be told apart from those.
    return readListing(Buffer.from(finished.stdout).toString('latin1'))
  }

  /** The bytes of some small blobs, in one read. */
  readMany(blobs: readonly Blob[]): Uint8Array[] {
    if (blobs.length === 0) return []
    const most = blobs.reduce((sum, { bytes }) => sum + bytes + 128, 1024)
    const output = runGitForOutput(
      this.#git,
      ['cat-file', '--batch'],
      `${blobs.map(({ id }) => id).join('\n')}\n`,
      most,
    )
    let at = 0
    return blobs.map(({ id, bytes }) => {
      const head = Buffer.from(`${id} blob ${bytes}\n`)
      const start = at + head.length
      if (!equalBytes(output.subarray(at, start), head))
        throw corrupt(`the copy of a remote's data lacks '${id}'`)
      at = start + bytes + 1
      return output.subarray(start, start + bytes)
    })
  }

  /** Writes a file of the store from its blobs, with blocking calls. */
  writeOut(blobs: readonly Blob[], file: string): void {
    const fd = fs.openSync(file, 'wx', 0o600)
    try {
      for (const group of together(blobs)) {
        if (group.length > 1) for (const bytes of this.readMany(group)) writeWhole(fd, bytes)
        else runGitInto(this.#git, ['cat-file', 'blob', group[0]!.id], fd)
      }
    } finally {
      fs.closeSync(fd)
    }
  }

  /** Makes a commit with exactly these files, in the cache only. */
  async commit(plan: CommitPlan): Promise<{ commit: string; listing: Listing }> {
    const words = ['fast-import', '--quiet', '--done', '--force']
    const finished = await runGit(this.#git, words, { input: importStream(plan) })
    const ids = Buffer.from(finished.stdout).toString('latin1').trim().split('\n')
    const imported = finished.code === 0 ? importedListing(plan, ids) : null
    if (imported !== null) return imported
    throw new VarveError(
      'VARVE_IO',
      `cannot write the data for '${this.url.shown}': ${lastLine(finished.stderr)}`,
      {
        data: { url: this.url.shown, path: this.#folder.objectsDir },
        hint: "nothing was sent; delete '.varve/cache/git', which can be had again, and push again",
      },
    )
  }

  /**
   * Moves the host's ref from `before` (null: there is none) to `commit`, if it still is there: the host's own
   * compare-and-set. False when somebody else was faster. @throws VarveError VARVE_REFUSED, VARVE_UNREACHABLE
   */
  async push(commit: string, before: string | null): Promise<boolean> {
    const lease = `--force-with-lease=${dataRef}:${before ?? ''}`
    const quiet = ['--porcelain', '--no-verify', '--no-signed', '--no-follow-tags', '--recurse-submodules=no']
    const words = ['push', ...quiet, '--progress', lease, '--', this.url.url, `${commit}:${dataRef}`]
    for (let attempt = 0; ; attempt++) {
      const where = { location: this.url.shown, signal: this.#git.signal }
      const options = { onMessage: this.#progress('sending') }
      const finished = await whileMoving(where, () => runGit(this.#git, words, options))
      const tip = finished.code === 0 ? commit : await this.tip()
      // The answer may be lost on its way: what counts is where the ref is.
      if (tip === commit) {
        this.#folder.show(commit)
        return true
      }
      if (tip !== before) return false
      if (!mayPass(finished) || attempt === attemptsMax) throw refusal(this.url, finished)
      await waitBefore(attempt, this.#git.signal)
    }
  }

  forget(): void {
    this.#folder.forget()
  }

  /** `neededBytes` is the length of all files that the store has. */
  close(neededBytes: number): void {
    this.#folder.remove(neededBytes)
  }

  /** Runs a step that only reads, and that may therefore be repeated. */
  async #reach(
    words: readonly string[],
    options: RunOptions = {},
    git: GitProgram = this.#git,
  ): Promise<GitFinished> {
    for (let attempt = 0; ; attempt++) {
      const finished = await runGit(git, words, options)
      if (finished.code === 0) return finished
      if (!mayPass(finished) || attempt === 3) throw unreachable(this.url, finished)
      await waitBefore(attempt, this.#git.signal)
      throwIfAborted(this.#git.signal)
    }
  }

  #progress(phase: string): ((text: string) => void) | undefined {
    const report = this.#onProgress
    if (report === undefined) return undefined
    return (text) => {
      const found = [...text.matchAll(/(?:Receiving|Writing) objects: +\d+% \((\d+)\/(\d+)\)/g)].at(-1)
      if (found !== undefined)
        report({ phase, done: Number(found[1]), total: Number(found[2]), unit: 'objects' })
    }
  }
}

function tipIn({ stdout }: GitFinished): string | null {
  const lines = Buffer.from(stdout).toString('utf8').split('\n')
  const line = lines.find((one) => one.endsWith(`\t${dataRef}`))
  return line === undefined ? null : line.slice(0, line.indexOf('\t'))
}

/** Groups blobs that are read in one go. */
function together(blobs: readonly Blob[]): Blob[][] {
  const groups: Blob[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const blob of blobs) {
    if (bytes + blob.bytes > togetherBytesMax) {
      groups.push([])
      bytes = 0
    }
    groups.at(-1)!.push(blob)
    bytes += blob.bytes
  }
  return groups
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += fs.writeSync(fd, bytes, done)
}

function refusal(url: GitUrl, finished: GitFinished): VarveError {
  if (isDenied(finished)) return unreachable(url, finished)
  const output = Buffer.from(finished.stdout).toString('utf8')
  const rejected = /^!\t[^\t]*\t\[(?:remote )?rejected\] \((.*)\)/m.exec(output)?.[1]
  if (rejected === undefined) return unreachable(url, finished)
  return new VarveError('VARVE_REFUSED', `'${url.shown}' refuses the push: ${rejected.slice(0, 300)}`, {
    data: { url: url.shown, ref: dataRef, reason: rejected.slice(0, 300) },
    hint: `whoever keeps the host decides who may move '${dataRef}'`,
  })
}
