// The lines of a version of a text. A table that was a plain text before, or became one, counts as the file that it is.
import { concatBytes } from '../../base/bytes.ts'
import { commandWord } from '../../base/command-word.ts'
import { VarveError } from '../../base/errors.ts'
import type { Path, TreeEntry } from '../../files/interface.ts'
import { readFile } from '../../files/read.ts'
import { isText, splitLines, textFromBytes } from '../../files/text.ts'
import { renderTable } from '../../formats/render.ts'
import type { NodeStore } from '../../prolly/node-store.ts'
import { loadTable } from '../../table/table-object.ts'
import { textBytesMax } from '../diff/diff.ts'

/** The lines of a version; null when it is not a text, or too large. */
export async function linesOfVersion(
  nodes: NodeStore,
  entry: TreeEntry,
  signal: AbortSignal | undefined,
): Promise<string[] | null> {
  const source = await bytesOf(nodes, entry, signal)
  if (source === null) return null
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of source) {
    length += part.length
    if (length > textBytesMax) return null
    parts.push(part.slice())
  }
  const bytes = concatBytes(parts)
  return isText(bytes) ? splitLines(textFromBytes(bytes)) : null
}

async function bytesOf(
  nodes: NodeStore,
  entry: TreeEntry,
  signal: AbortSignal | undefined,
): Promise<AsyncIterable<Uint8Array> | null> {
  if (entry.kind === 'symlink') return null
  if (entry.kind === 'file') return entry.size > textBytesMax ? null : readFile(nodes, entry, { signal })
  const table = await loadTable(nodes.reader, entry.table, { signal })
  return table.layout === null ? null : renderTable(nodes, table, { signal })
}

export function noLines(path: Path): VarveError {
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    `'${path}' is not a text of at most ${textBytesMax >> 20} MiB`,
    {
      data: { path, limit: textBytesMax },
      hint: `see which commits changed it: 'varve log ${commandWord(path)}'`,
    },
  )
}
