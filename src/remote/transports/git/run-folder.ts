// The folders of a GitHost: what all runs share, and what is this run's alone and goes with it.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { utf8 } from '../../../base/bytes.ts'
import { randomHex, sha256Hex } from '../../../base/platform.ts'
import { ioError } from '../../../store/disk/files.ts'
import type { GitPlace } from './environment.ts'
import type { GitUrl } from './url.ts'

const tipRef = 'refs/varve/data'
/** A run that was killed leaves its folder; one on another machine may be alive all the same. */
const orphanMs = 3_600_000
/** What a cache may hold beyond twice what is needed. */
const spareBytes = 64 << 20

/** What is remembered between runs. */
export interface Tip {
  readonly commit: string
  /** As listing.ts writes it. */
  readonly listing: string
  /** Bytes of the newest manifest, in base64. */
  readonly manifest: string
}

export interface RunFolder extends GitPlace {
  readonly dir: string
  readonly storeDir: string
  /** The commit that the cache is known to have. */
  tip(): Tip | null
  /** Git in this run has this commit, and need not have what came before it; null: it has none. */
  show(commit: string | null): void
  remember(tip: Tip): void
  /** Forgets the cache, which is not what it claims to be. */
  forget(): void
  /**
   * Removes this run's folder; and the cache too, if most of it is not of the `neededBytes` that the store has now.
   */
  remove(neededBytes: number): void
}

/** Without `cacheDir`, the folder is a temporary one that is removed in the end. */
export function makeRunFolder(url: GitUrl, cacheDir: string | undefined): RunFolder {
  try {
    return cacheDir === undefined ? makeTemporary() : makeCached(url, cacheDir)
  } catch (cause) {
    throw ioError(cause, cacheDir ?? os.tmpdir())
  }
}

function makeTemporary(): RunFolder {
  const shared = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-git-'))
  const folder = makeIn(shared)
  return { ...folder, remove: () => fs.rmSync(shared, { recursive: true, force: true }) }
}

function makeCached(url: GitUrl, cacheDir: string): RunFolder {
  const shared = path.join(cacheDir, 'git', sha256Hex(utf8(url.url)).slice(0, 16))
  fs.mkdirSync(shared, { recursive: true, mode: 0o700 })
  removeOrphans(shared)
  return makeIn(shared)
}

function makeIn(shared: string): RunFolder {
  const dir = path.join(shared, `run-${process.pid}-${randomHex(6)}`)
  const [gitDir, storeDir] = [path.join(dir, 'git'), path.join(dir, 'store')]
  const objectsDir = path.join(shared, 'objects')
  for (const folder of [objectsDir, path.join(gitDir, 'refs/varve')])
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const folder of ['m', 'packs', 'idx', 'tmp'])
    fs.mkdirSync(path.join(storeDir, folder), { recursive: true, mode: 0o700 })
  fs.writeFileSync(path.join(gitDir, 'HEAD'), 'ref: refs/heads/none\n')
  fs.writeFileSync(path.join(gitDir, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n')
  const tipFile = path.join(shared, 'tip')
  let tip = readTip(tipFile, objectsDir)
  const show = (commit: string | null): void => {
    for (const file of ['shallow', tipRef]) {
      if (commit === null) fs.rmSync(path.join(gitDir, file), { force: true })
      else fs.writeFileSync(path.join(gitDir, file), `${commit}\n`)
    }
  }
  show(tip?.commit ?? null)
  return {
    dir,
    gitDir,
    storeDir,
    objectsDir,
    tip: () => tip,
    show,
    remember: (next) => {
      tip = next
      fs.writeFileSync(`${dir}/tip`, JSON.stringify({ ...next, packs: packsIn(objectsDir) }))
      fs.renameSync(`${dir}/tip`, tipFile)
    },
    forget: () => {
      tip = null
      show(null)
      fs.rmSync(tipFile, { force: true })
    },
    remove: (neededBytes) => {
      fs.rmSync(dir, { recursive: true, force: true })
      const isUsed = fs.readdirSync(shared).some((name) => name.startsWith('run-'))
      if (isUsed || sizeOf(objectsDir) <= 2 * neededBytes + spareBytes) return
      fs.rmSync(tipFile, { force: true })
      const trash = path.join(shared, `run-${process.pid}-${randomHex(6)}`)
      fs.renameSync(objectsDir, trash)
      fs.rmSync(trash, { recursive: true, force: true })
    },
  }
}

function sizeOf(dir: string): number {
  const files = fs.readdirSync(dir, { recursive: true, encoding: 'utf8' })
  const stats = files.map((name) => fs.statSync(path.join(dir, name), { throwIfNoEntry: false }))
  return stats.reduce((sum, stat) => sum + (stat?.isFile() === true ? stat.size : 0), 0)
}

/** null when there is none, or when some of Git's packs that it needs are missing. */
function readTip(file: string, objectsDir: string): Tip | null {
  try {
    const { commit, listing, manifest, packs } = JSON.parse(fs.readFileSync(file, 'utf8')) as Tip & {
      packs: string[]
    }
    const isSane =
      /^[0-9a-f]{40}$/.test(commit) && typeof listing === 'string' && typeof manifest === 'string'
    const present = new Set(packsIn(objectsDir))
    return isSane && packs.every((name) => present.has(name)) ? { commit, listing, manifest } : null
  } catch {
    // Whatever is wrong with a cache, there is a better copy.
    return null
  }
}

function packsIn(objectsDir: string): string[] {
  const folder = path.join(objectsDir, 'pack')
  return fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith('.pack')) : []
}

function removeOrphans(shared: string): void {
  for (const name of fs.readdirSync(shared)) {
    const pid = Number(/^run-(\d+)-/.exec(name)?.[1])
    if (Number.isNaN(pid) || isAlive(pid)) continue
    const folder = path.join(shared, name)
    const ageMs = Date.now() - (fs.statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (ageMs > orphanMs) fs.rmSync(folder, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
