// Varve as a guest in plain Git: as the merge driver and the diff driver of data files. What to call
// stands in Git's configuration, which files in its attributes; both are written so that they can be taken out again.
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import path from 'node:path'
import { VarveError } from '../base/errors.ts'

/** Where the attributes go: of one clone, committed for everybody (each still installs the driver), or of the user. */
export type GitDriverPlace = 'clone' | 'committed' | 'user'

export interface GitDriverOptions {
  /** Any folder of the working tree; unused for the user. */
  readonly dir: string
  readonly place?: GitDriverPlace
  /** How Git starts Varve: words of a shell command. */
  readonly command?: string
}

export interface GitDriverInstalled {
  /** The file with the attributes. */
  readonly attributes: string
  readonly patterns: readonly string[]
}

const begin = '# varve: data files are merged and shown by what they hold'
const end = '# varve: end'
const patterns = ['csv', 'tsv', 'tab', 'psv', 'json', 'geojson', 'jsonl', 'ndjson', 'yaml', 'yml'].map(
  (ending) => `*.${ending}`,
)
const settings = (command: string): readonly (readonly [string, string])[] => [
  ['merge.varve.name', 'merge data files by what they hold'],
  ['merge.varve.driver', `${command} merge-file -q --name %P --marker-size %L -L %X -L %S -L %Y -- %A %O %B`],
  // Git adds the path and more; a path may begin with '-'.
  ['diff.varve.command', `${command} git-driver diff --`],
]

/**
 * Lets Git merge and compare data files by rows and values, as `varve git-driver install` does.
 * @throws VarveError VARVE_NOT_POSSIBLE without git, or outside a Git repository
 */
export function installGitDriver(options: GitDriverOptions): GitDriverInstalled {
  const { dir, place = 'clone', command = 'varve' } = options
  for (const [name, value] of settings(command)) git(dir, place, ['--replace-all', name, value])
  const file = attributesFile(dir, place)
  const lines = patterns.map((pattern) => `${pattern} merge=varve diff=varve`)
  const before = withoutOurs(readIfThere(file))
  const gap = before === '' || before.endsWith('\n') ? '' : '\n'
  fs.mkdirSync(path.dirname(file), { recursive: true })
  replaceFile(file, `${before}${gap}${[begin, ...lines, end].join('\n')}\n`)
  return { attributes: file, patterns }
}

/** Undoes `installGitDriver`; does nothing when it was never called. */
export function uninstallGitDriver({ dir, place = 'clone' }: GitDriverOptions): {
  readonly attributes: string
} {
  for (const section of isStillNamed(dir, place) ? [] : ['merge.varve', 'diff.varve']) {
    try {
      git(dir, place, ['--remove-section', section])
    } catch (error) {
      // Git's word for a section that is not there.
      if ((error as { status?: number }).status !== 128 && !(error instanceof VarveError)) throw error
    }
  }
  const file = attributesFile(dir, place)
  const before = readIfThere(file)
  const after = withoutOurs(before)
  if (after === '' && before !== '') fs.rmSync(file)
  else if (after !== before) replaceFile(file, after)
  return { attributes: file }
}

/** Whether the attributes of the other place, committed or of the clone, go on to name the driver of this clone. */
function isStillNamed(dir: string, place: GitDriverPlace): boolean {
  if (place === 'user') return false
  // A bare repository has no files.
  if (place === 'clone' && ask(dir, ['rev-parse', '--show-toplevel'], true) === '') return false
  const other = attributesFile(dir, place === 'clone' ? 'committed' : 'clone')
  return readIfThere(other).includes(`${begin}\n`)
}

function attributesFile(dir: string, place: GitDriverPlace): string {
  if (place === 'committed') return path.join(ask(dir, ['rev-parse', '--show-toplevel']), '.gitattributes')
  if (place === 'clone') return path.resolve(dir, ask(dir, ['rev-parse', '--git-path', 'info/attributes']))
  try {
    const named = ask(dir, ['config', '--global', '--type=path', '--get', 'core.attributesFile'])
    if (named !== '') return named
  } catch {
    // Not set: Git looks in its default place.
  }
  const file = ask(dir, ['var', 'GIT_ATTR_GLOBAL'], true)
  if (file !== '') return file
  git(dir, place, ['core.attributesFile', '~/.gitattributes'])
  return ask(dir, ['config', '--global', '--type=path', '--get', 'core.attributesFile'])
}

function git(dir: string, place: GitDriverPlace, args: readonly string[]): void {
  ask(dir, ['config', place === 'user' ? '--global' : '--local', ...args])
}

function ask(dir: string, args: readonly string[], isOptional = false): string {
  try {
    return execFileSync('git', args, { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  } catch (error) {
    if (isOptional) return ''
    const { code, stderr, status } = error as { code?: string; stderr?: string; status?: number }
    if (code === 'ENOENT') {
      throw new VarveError('VARVE_NOT_POSSIBLE', 'git is not installed, or not on the path', {
        cause: error,
        hint: 'install git, or add its folder to PATH',
      })
    }
    if (status === 1 || args.includes('--remove-section')) throw error
    const word =
      stderr
        ?.trim()
        .split('\n')[0]
        ?.replace(/^fatal: /, '') ?? 'no word why'
    throw new VarveError('VARVE_NOT_POSSIBLE', `git refused: ${word}`, {
      data: { dir },
      hint: "run it inside a Git repository, or with '--global' for all of yours",
      cause: error,
    })
  }
}

function readIfThere(file: string): string {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : ''
}

function withoutOurs(text: string): string {
  const start = text.indexOf(`${begin}\n`)
  const stop = text.indexOf(`${end}\n`, start)
  return start < 0 || stop < 0 ? text : text.slice(0, start) + text.slice(stop + end.length + 1)
}

/** Dotfiles are often links into a folder of their own: the file that they lead to is replaced, not the link. */
function replaceFile(file: string, text: string): void {
  const target = fs.existsSync(file) ? fs.realpathSync(file) : file
  const temporary = `${target}.varve-${process.pid}`
  try {
    fs.writeFileSync(temporary, text, { flush: true, flag: 'wx' })
    fs.renameSync(temporary, target)
  } catch (error) {
    fs.rmSync(temporary, { force: true })
    throw error
  }
}
