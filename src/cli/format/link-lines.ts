// What is said of a link beside its endpoint: what files do not say themselves, how rows are transformed, its log.
import { periodText } from '../../dataset/cursor-section.ts'
import type { DeclaredTable, Link, LinkTest, TableCursor, TableTransform } from '../../index.ts'

/** What varve.yaml says of the link, by setting. */
export function linkLines(link: Link): Readonly<Record<string, unknown>> {
  const { branch, into, commits, cursor, transform, files, http, auth, signature, inbox, ...rest } = link
  const list = <T>(name: string, all: readonly T[] = [], text: (one: T) => string): object =>
    all.length === 0 ? {} : { [name]: all.map(text).join('; ') }
  const named = ({ table }: DeclaredTable): string => table
  return {
    ...rest,
    tables: link.tables.join(', '),
    into: into === '' ? '.' : into,
    branch: branch ?? '(the current one)',
    ...(commits === undefined ? {} : { commits }),
    ...list('cursor', cursor, cursorText),
    ...list('files', files, fileText),
    ...list('http', http, named),
    ...(auth === undefined ? {} : { auth: `access tokens of ${auth.tokenUrl}` }),
    ...(signature === undefined ? {} : { signature }),
    ...list('inbox', inbox, named),
    ...list('transform', transform, transformText),
  }
}

/** A declared file as text: 'orders: key id; amount decimal'. */
function fileText({ table, key = [], columns = [] }: DeclaredTable): string {
  const words = [
    ...(key.length === 0 ? [] : [`key ${key.join(', ')}`]),
    ...columns.map(({ name, type }) => `${name} ${type}`),
  ]
  return `${table}: ${words.join('; ')}`
}

/** A cursor as text: 'orders: updated_at, lag 5m, full 24h; sees no deletes'. */
function cursorText({ table, column, lag, fullMs }: TableCursor): string {
  const words = [
    column,
    ...(lag === undefined ? [] : [`lag ${'ms' in lag ? periodText(lag.ms) : lag.units}`]),
    ...(fullMs === undefined ? ['sees no deletes'] : [`sees deletes every ${periodText(fullMs)}`]),
  ]
  return `${table}: ${words.join(', ')}`
}

/** A transform as text: 'people: 3 of its columns, where active, email hash'. */
function transformText({ table, where, select, omit, columns }: TableTransform): string {
  const words = [
    ...(select === null ? [] : [`select ${select.join(', ')}`]),
    ...(omit.length === 0 ? [] : [`omit ${omit.join(', ')}`]),
    ...(where === null ? [] : [`where ${where}`]),
    ...columns.map(({ column, compute, mask, cast, rename }) =>
      [
        column,
        ...(compute === null ? [] : [`= ${compute}`]),
        ...(mask === null ? [] : [`masked ${mask.kind}`]),
        ...(cast === null ? [] : [`as ${cast}`]),
        ...(rename === null ? [] : [`called ${rename}`]),
      ].join(' '),
    ),
  ]
  return `${table}: ${words.join('; ')}`
}

const noRecord =
  'it keeps no record of what it was told: let one repository alone run the link, for another tells it all rows again'

export function logLines({ log: { obstacle, kept }, isOnlyWritten, keepsRecord }: LinkTest): string[] {
  if (isOnlyWritten === true)
    return [
      'it is only written to: it is told what changes on the branch',
      ...(keepsRecord === true ? [] : [noRecord]),
    ]
  if (kept !== null) {
    const size = kept.keptBytes === null ? '' : `, keeps ${(kept.keptBytes / 1e6).toFixed(1)} MB`
    const trouble = kept.trouble === null ? '' : `: ${kept.trouble}`
    return [`log: ${kept.name}${size}${kept.isActive ? ', is being read' : ''}${trouble}`]
  }
  return [obstacle === null ? 'log: can be read' : `log: cannot be read: ${obstacle}`]
}
