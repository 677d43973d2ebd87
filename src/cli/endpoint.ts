// Endpoints as people type them: a folder of this machine by its path, all else by its URL.
import { statSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { usage } from './arguments.ts'

export function endpointOf(typed: string): string {
  if (!/^(\.{0,2}[/\\]|\.{1,2}$|[A-Za-z]:[/\\])/.test(typed)) return typed
  if (statSync(typed, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw usage(`no folder '${typed}'`, 'an endpoint is a folder of files, or a URL')
  return pathToFileURL(path.resolve(typed)).href.replace(/^file:/, 'folder:')
}
