// What an earlier version noted of tables that a transform had made in a way that cannot be undone (one-way.ts), under the
// name of the link, since the tables themselves did not say it then. Such a note holds until a round of that link has read
// its tables without the transform.
import type { Path } from '../../files/interface.ts'
import { operatorOf } from '../../repo/context.ts'
import type { Manifest } from '../../store/interface.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { Link } from '../interface.ts'
import type { Round } from '../round.ts'
import { tablePath } from '../tables/link-tables.ts'
import { isOneWay, writesBack } from './one-way.ts'

interface NotedTable {
  readonly table: string
  /** Where its rows lie; null: wherever, of notes that did not say. */
  readonly path: Path | null
}

/** Of this endpoint, by the name of the link that made them. */
function notesOf({ config }: Manifest, identity: string): Map<string, readonly NotedTable[]> {
  const notes = new Map<string, readonly NotedTable[]>()
  for (const [key, text] of config) {
    const link = /^link\.(.+)\.oneWay$/.exec(key)?.[1]
    if (link === undefined) continue
    const known = JSON.parse(text) as { identity: string; tables: (string | NotedTable)[] }
    const tables = known.tables.map((one) => (typeof one === 'string' ? { table: one, path: null } : one))
    if (known.identity === identity) notes.set(link, tables)
  }
  return notes
}

/**
 * After the branch has taken in what was read: all of a table for which nothing is held back is the endpoint's own. Of what
 * another link has made this link's reading says nothing: the branch may keep that as a change of its own.
 */
export async function forgetNotes(
  { repo, link, options }: Round,
  identity: string,
  held: HeldRows,
): Promise<void> {
  const { name, mode, transform = [] } = link
  if (options.dryRun === true || (mode !== 'capture' && mode !== 'two-way')) return
  const before = notesOf(await repo.store.manifest(), identity).get(name) ?? []
  const isKept = ({ table, path }: NotedTable): boolean =>
    !isAt(link, { table, path }) ||
    transform.some((one) => one.table === table && isOneWay(one)) ||
    held.waitsIn(tablePath(link, table))
  const tables = before.filter(isKept)
  if (tables.length === before.length) return
  const note = tables.length === 0 ? null : JSON.stringify({ identity, tables })
  await repo.store.update((manifest) => ({
    config: new Map([[`link.${name}.oneWay`, note]]),
    operation: {
      name: 'sync',
      message: `${name}: read without transform`,
      author: operatorOf(repo, manifest),
    },
  }))
}

/** @throws VarveError VARVE_REFUSED where rows would go back that a transform has changed */
export function refuseNoted(link: Link, manifest: Manifest, identity: string): void {
  const { name, mode } = link
  if (mode === 'capture') return
  for (const [by, tables] of notesOf(manifest, identity)) {
    // In both ways a link first reads anew what a transform of its own had made.
    if (by === name && mode === 'two-way') continue
    const noted = tables.find((one) => isAt(link, one))
    if (noted !== undefined) throw writesBack(link, noted.table, by)
  }
}

function isAt(link: Link, { table, path }: NotedTable): boolean {
  return link.tables.includes(table) && (path === null || path === tablePath(link, table))
}
