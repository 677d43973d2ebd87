// What the options of `varve link add` say of columns that show which rows are new.
import { lagOf, periodOf } from '../../dataset/cursor-section.ts'
import type { LinkSetting, TableCursor } from '../../index.ts'
import { type Arguments, usage } from '../arguments.ts'
import { namesGiven } from '../name-list.ts'

export function cursorSetting(
  given: Arguments,
  link: { mode: string; tables: readonly string[]; changes: string | undefined },
): Pick<LinkSetting, 'cursor'> {
  const cursors = namesGiven(given, 'cursor')
  if (cursors.length === 0) return {}
  if (link.mode !== 'capture') throw usage("'--cursor' sees no deletes: the mode is 'capture'")
  if (link.changes === 'log') throw usage("the log shows more than a cursor: leave '--cursor' out")
  const [lag, full] = [given.text('lag'), given.text('full')]
  const parsed = lag === undefined ? undefined : lagOf(lag)
  const fullMs = full === undefined ? undefined : periodOf(full)
  if (parsed === null) throw usage(`'--lag' needs a time such as 5m, or a number, not '${lag!}'`)
  if (fullMs === null) throw usage(`'--full' needs a time such as 24h, not '${full!}'`)
  return {
    cursor: cursors.map((text): TableCursor => {
      const [, table = '', column = ''] = /^(.+)=([^=]+)$/.exec(text) ?? []
      if (!link.tables.includes(table)) throw usage(`'--cursor' needs TABLE=COLUMN, not '${text}'`)
      return {
        table,
        column,
        ...(parsed === undefined ? {} : { lag: parsed }),
        ...(fullMs === undefined ? {} : { fullMs }),
      }
    }),
  }
}
