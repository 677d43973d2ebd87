// Ref updates of fetch and push, a line each, as Git prints them.
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PushedCopy, RefUpdate, TransferResult } from '../../api/interface.ts'
import type { Output } from '../output.ts'
import { visible } from '../visible.ts'
import { alignedRows } from './columns.ts'
import { shortId } from './commit.ts'
import { counted, sizeText } from '../../base/size.ts'

type Direction = 'from' | 'to' | 'would go to'

export function printTransfer(out: Output, result: TransferResult, direction: Direction): void {
  const { copies = [] } = result
  for (const one of [result, ...copies]) {
    if (one.updates.length > 0 || one.objects > 0) printOne(out, one, direction)
    else out.say(`${copies.length === 0 ? '' : `${visible(shownUrl(one.url))}: `}everything up to date`)
  }
}

function printOne(out: Output, result: PushedCopy, direction: Direction): void {
  const moved =
    result.objects === 0 ? '' : `, ${counted(result.objects, 'object')} (${sizeText(result.bytes)})`
  out.say(`${direction} ${visible(shownUrl(result.url))}${moved}`)
  for (const line of alignedRows(result.updates.map(updateCells))) out.say(line)
}

/** A folder is shown from where the user stands, when that is shorter. */
export function shownUrl(url: string): string {
  const folder = url.startsWith('file://') ? folderOrNull(url) : url
  if (folder === null || !path.isAbsolute(folder)) return url
  const relative = path.relative(process.cwd(), folder) || '.'
  return relative.length < url.length ? relative : url
}

/** null where the URL is not that of a local folder: using it says so, showing it must not fail. */
function folderOrNull(url: string): string | null {
  try {
    return fileURLToPath(url)
  } catch {
    return null
  }
}

function updateCells(update: RefUpdate): string[] {
  const { ref, before, after, forced } = update
  const name = visible(ref.replace(/^refs\/(heads|tags|remotes)\//, ''))
  if (after === null) return ['  - deleted', name]
  if (before === null) return [`  * new ${kindOf(ref)}`, name, shortId(after)]
  return [`  ${forced ? '+' : ' '} ${shortId(before)}..${shortId(after)}`, name, forced ? '(forced)' : '']
}

function kindOf(ref: string): string {
  if (ref.startsWith('refs/notes/')) return 'notes'
  return ref.startsWith('refs/tags/') ? 'tag' : 'branch'
}
