// Which commits of ours a Git repository has already, and under which names: the file 'varve/exported' in its folder, a
// line of two ids a commit. An export makes the same objects each time, so the file saves work only; a line that names a
// commit which is not there, or which says other things, is passed over.
import fs from 'node:fs'
import path from 'node:path'
import { type CommitCid, isCid } from '../encoding/cid.ts'
import type { Commit } from '../history/interface.ts'
import { endedMessage } from './git-encode.ts'
import type { GitCommit } from './git-objects.ts'
import type { Oid } from './git-objects.ts'

const firstLine = 'varve export 1'

export type ExportMap = Map<CommitCid, Oid>

export function readExportMap(gitFolder: string): ExportMap {
  const map: ExportMap = new Map()
  const file = fileOf(gitFolder)
  const [first, ...lines] = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n') : []
  if (first !== firstLine) return map
  for (const line of lines) {
    const [cid, oid] = line.split(' ')
    if (cid !== undefined && oid !== undefined && isCid(cid) && /^[0-9a-f]{40}$/.test(oid)) map.set(cid, oid)
  }
  return map
}

export function writeExportMap(gitFolder: string, map: ExportMap): void {
  const file = fileOf(gitFolder)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const temporary = `${file}.${process.pid}.tmp`
  const lines = [...map].map(([cid, oid]) => `${cid} ${oid}\n`)
  fs.writeFileSync(temporary, `${firstLine}\n${lines.join('')}`, { flush: true })
  fs.renameSync(temporary, file)
}

/** Whether a commit that the file names says what ours says. */
export function hasSameAuthorAndMessage(
  ours: Pick<Commit, 'author' | 'message'>,
  theirs: GitCommit,
): boolean {
  const timeMs = Math.max(0, 1000 * Math.floor(ours.author.timeMs / 1000))
  return (
    theirs.author.timeMs === timeMs && [ours.message, endedMessage(ours.message)].includes(theirs.message)
  )
}

function fileOf(gitFolder: string): string {
  return path.join(gitFolder, 'varve', 'exported')
}
