// Which commits of a log are meant, by what they change in the contents of paths. A pattern is RE2's, and is looked for line by
// line, in tables cell by cell.
import { VarveError } from '../../base/errors.ts'

/** Of these one at most. */
export interface ContentFilter {
  /** Only commits that change how often this text stands in a file, or in the cells of a table. */
  readonly changesText?: string | undefined
  /** Only commits that change how often this pattern matches in a file, or in the cells of a table. */
  readonly changesPattern?: string | undefined
  /** Only commits that add or remove a line of a file, or a cell of a table, in which this pattern matches. */
  readonly changesLines?: string | undefined
}

export function filtersContent({ changesText, changesPattern, changesLines }: ContentFilter): boolean {
  const given = [changesText, changesPattern, changesLines].filter((one) => one !== undefined)
  if (given.length > 1)
    throw new VarveError('VARVE_USAGE', 'a log looks for one text or pattern at a time', {
      hint: 'leave out all but one of changesText, changesPattern and changesLines',
    })
  return given.length === 1
}
