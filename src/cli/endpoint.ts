// Endpoints as people type them: a folder or an SQLite file of this machine by its path, all else by its URL.
import { statSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { usage } from './arguments.ts'

export function endpointOf(typed: string): string {
  if (!/^(\.{0,2}[/\\]|\.{1,2}$|[A-Za-z]:[/\\])/.test(typed)) return typed
  const found = statSync(typed, { throwIfNoEntry: false })
  if (found === undefined)
    throw usage(`no file or folder '${typed}'`, 'an endpoint is a folder of files, an SQLite file, or a URL')
  return pathToFileURL(path.resolve(typed)).href.replace(
    /^file:/,
    found.isDirectory() ? 'folder:' : 'sqlite:',
  )
}
