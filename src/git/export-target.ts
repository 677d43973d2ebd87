// The Git repository that an export goes to: one that is there, or a new one. Files that are checked out there follow
// their branch by git itself, which leaves alone what somebody has changed.
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { VarveError } from '../base/errors.ts'
import { systemFailure } from '../base/system-error.ts'
import { makeDir } from '../store/disk/files.ts'
import { type GitFolder, findGitFolder } from './git-folder.ts'
import type { Oid } from './git-objects.ts'

export interface ExportTarget extends GitFolder {
  readonly dir: string
  /** Without files. */
  readonly bare: boolean
  /** The export made it. */
  readonly made: boolean
  /** Removes what was made. */
  remove(): void
}

const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

interface NewTarget {
  readonly bare: boolean
  readonly branch: string
}

/** @throws VarveError VARVE_NOT_POSSIBLE; VARVE_DISK_FULL, VARVE_IO where it cannot be made: nothing of it is left then */
export function openTarget(dir: string, { bare, branch }: NewTarget): ExportTarget {
  const isThere =
    fs.existsSync(path.join(dir, '.git')) ||
    (fs.existsSync(path.join(dir, 'HEAD')) && fs.existsSync(path.join(dir, 'objects')))
  if (isThere) {
    const folder = findGitFolder(dir, 'export to')
    const config = path.join(folder.common, 'config')
    const isBare = fs.existsSync(config) && /^[ \t]*bare\s*=\s*true/im.test(fs.readFileSync(config, 'utf8'))
    return { ...folder, dir, bare: isBare, made: false, remove: () => {} }
  }
  const existed = fs.existsSync(dir)
  if (existed && (!fs.statSync(dir).isDirectory() || fs.readdirSync(dir).length > 0)) {
    throw new VarveError('VARVE_NOT_POSSIBLE', `'${dir}' is neither empty nor a Git repository`, {
      data: { path: dir },
      hint: 'name a Git repository, or a folder to be made',
    })
  }
  const own = bare ? dir : path.join(dir, '.git')
  const remove = (): void => {
    // With branches or tags it is in use already: by another export, or as far as this one has come.
    const isUsed = ['heads', 'tags'].some((kind) => {
      const refs = path.join(own, 'refs', kind)
      return fs.existsSync(refs) && fs.readdirSync(refs).length > 0
    })
    if (isUsed || !fs.existsSync(dir)) return
    for (const name of fs.readdirSync(dir)) fs.rmSync(path.join(dir, name), { recursive: true, force: true })
    if (!existed) fs.rmdirSync(dir)
  }
  try {
    makeGitFolder(own, { bare, branch })
  } catch (error) {
    // Another export has made it meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return openTarget(dir, { bare, branch })
    remove()
    throw systemFailure(error, `cannot make a Git repository in '${dir}'`, dir) ?? error
  }
  return { dir, own, common: own, bare, made: true, remove }
}

/** Node's own way to make folders above never ends where they can neither be made nor are there, as in /proc. */
function makeGitFolder(own: string, { bare, branch }: NewTarget): void {
  for (const folder of ['objects/info', 'objects/pack', 'refs/heads', 'refs/tags'])
    makeDir(path.join(own, folder))
  const settings = ['repositoryformatversion = 0', 'filemode = true', `bare = ${bare}`]
  if (!bare) settings.push('logallrefupdates = true')
  fs.writeFileSync(path.join(own, 'config'), `[core]\n${settings.map((line) => `\t${line}\n`).join('')}`)
  fs.writeFileSync(path.join(own, 'HEAD'), `ref: ${branch}\n`, { flag: 'wx' })
}

/** Whether the files in the target's folder are those of `ref`. @throws VarveError where another worktree has it */
export function isCheckedOut({ dir, own, common, bare }: ExportTarget, ref: string): boolean {
  const linked = path.join(common, 'worktrees')
  const others = fs.existsSync(linked) ? fs.readdirSync(linked).map((name) => path.join(linked, name)) : []
  for (const folder of [common, ...others]) {
    const isOurs = path.resolve(folder) === path.resolve(own)
    if (isOurs || (folder === common && bare) || headOf(folder) !== ref) continue
    throw new VarveError('VARVE_NOT_POSSIBLE', `'${ref}' is checked out in another worktree of '${dir}'`, {
      hint: 'switch that worktree to another branch first',
    })
  }
  return !bare && headOf(own) === ref
}

/**
 * The files go from one commit to the other.
 * @throws VarveError VARVE_UNCOMMITTED where that would overwrite changes, VARVE_NOT_POSSIBLE without git
 */
export async function checkOutInGit(
  { dir, own }: ExportTarget,
  { from, to }: { readonly from: Oid | null; readonly to: Oid },
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  // A variable that names another repository's parts must not lead there.
  const env = Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('GIT_')))
  const words = [`--git-dir=${own}`, `--work-tree=${dir}`, 'read-tree', '-m', '-u', from ?? emptyTree, to]
  try {
    await promisify(execFile)('git', words, { cwd: dir, env, maxBuffer: 64 << 20 })
  } catch (cause) {
    const { code, stderr } = cause as { code?: unknown; stderr?: string }
    if (code === 'ENOENT') {
      throw new VarveError(
        'VARVE_NOT_POSSIBLE',
        'git is not installed, or not on the path: it writes the files of the repository',
        {
          hint: "export into a bare repository: '--bare'",
          cause,
        },
      )
    }
    throw new VarveError('VARVE_UNCOMMITTED', `the files in '${dir}' are in the way: ${firstLine(stderr)}`, {
      hint: 'commit or stash there what has changed; no branch was moved',
      cause,
    })
  }
}

function headOf(folder: string): string | null {
  const file = path.join(folder, 'HEAD')
  return fs.existsSync(file) ? (/^ref: (\S+)/.exec(fs.readFileSync(file, 'utf8'))?.[1] ?? null) : null
}

function firstLine(text = ''): string {
  return text
    .trim()
    .split('\n', 1)[0]!
    .replace(/^(error|fatal): /, '')
}
