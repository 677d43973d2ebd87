// The message of a commit that a merge, revert or cherry-pick is about to make, when all is merged.
import type { EditMessage } from '../../api/interface.ts'
import { alignedRows } from '../format/columns.ts'
import { rowsText } from '../format/merge.ts'
import { movesPaired, pathName, resultWord } from '../format/merged-paths.ts'
import type { MessageEditor } from './draft.ts'

const pathsMax = 100

export function mergeMessage(editor: MessageEditor, verb: string): EditMessage {
  return (proposed, paths) => {
    const rows = movesPaired(paths).map((path) => [`  ${resultWord(path)}`, pathName(path), rowsText(path)])
    const more = rows.length > pathsMax ? [`  and ${rows.length - pathsMax} more`] : []
    const about = [
      `the commit of this ${verb}; all is merged:`,
      ...alignedRows(rows.slice(0, pathsMax)),
      ...more,
    ]
    return editor.write({ file: 'MERGE_EDITMSG', proposed, about })
  }
}
