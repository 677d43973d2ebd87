// Varve inside a Git repository: `.varve/` must not end up in Git's history, so `init` puts it into `.gitignore`,
// once, and leaves all else in that file as it is.
import fs from 'node:fs'
import path from 'node:path'

/** The folder with `.git` (a folder, or in linked worktrees a file) at or above `dir`, or null. */
export function findGitRoot(dir: string): string | null {
  for (let at = path.resolve(dir); ; at = path.dirname(at)) {
    if (fs.existsSync(path.join(at, '.git'))) return at
    if (path.dirname(at) === at) return null
  }
}

/**
 * Appends `line` unless it is there; returns the file's path when it was changed, else null. Where something else than a
 * file has that name it stays as it is: Git follows no symlink there either, and it may lead anywhere.
 */
export function ensureIgnored(gitRoot: string, line: string): string | null {
  const file = path.join(gitRoot, '.gitignore')
  const stat = fs.lstatSync(file, { throwIfNoEntry: false })
  if (stat?.isFile() === false) return null
  const text = stat === undefined ? '' : fs.readFileSync(file, 'utf8')
  const bare = line.replace(/^\/|\/$/g, '')
  const known = text.split('\n').map((entry) => entry.trim().replace(/^\/|\/$/g, ''))
  if (known.includes(bare)) return null
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  fs.appendFileSync(file, `${text === '' || text.endsWith('\n') ? '' : end}${line}${end}`)
  return file
}
