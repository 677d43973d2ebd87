// Transforms that cannot be undone: masks, filters, casts and computed columns. What they made of a table must not go back to
// where it was read, also after the transform was taken away: a mirror would write masks over the values themselves, and
// delete the rows that a filter had left out. So it is kept under the link's name, also when the link is removed, of which
// tables of which endpoint the branch has no more than that. It holds for every link of the repository to that endpoint,
// whatever it is called, that would write the table from the same place.
import { VarveError } from '../../base/errors.ts'
import type { TableTransform } from '../../dataset/interface.ts'
import type { Path } from '../../files/interface.ts'
import type { Manifest } from '../../store/interface.ts'
import { operatorOf } from '../../repo/context.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { Link } from '../interface.ts'
import type { Round } from '../round.ts'
import { tablePath } from '../tables/link-tables.ts'

interface OneWay {
  readonly identity: string
  readonly tables: readonly OneWayTable[]
}

interface OneWayTable {
  readonly table: string
  /** Where its rows lie; null: wherever, of notes that did not say. */
  readonly path: Path | null
}

export function isOneWay({ where, columns }: TableTransform): boolean {
  return where !== null || columns.some(({ compute, mask, cast }) => (compute ?? mask ?? cast) !== null)
}

function oneWayKey(link: string): string {
  return `link.${link}.oneWay`
}

/** Of this endpoint, by the name of the link that made them. */
function notesOf({ config }: Manifest, identity: string): Map<string, readonly OneWayTable[]> {
  const notes = new Map<string, readonly OneWayTable[]>()
  for (const [key, text] of config) {
    const link = /^link\.(.+)\.oneWay$/.exec(key)?.[1]
    if (link === undefined) continue
    const known = JSON.parse(text) as { identity: string; tables: (string | OneWayTable)[] }
    const tables = known.tables.map((one) => (typeof one === 'string' ? { table: one, path: null } : one))
    if (known.identity === identity) notes.set(link, tables)
  }
  return notes
}

/** The setting to be noted together with rows that such a transform made; empty where it is noted. */
export function noteOneWay(
  link: Link,
  manifest: Manifest,
  identity: string,
): ReadonlyMap<string, string | null> {
  const { name, transform = [] } = link
  const before = notesOf(manifest, identity).get(name) ?? []
  const now = transform.filter(isOneWay).map(({ table }) => ({ table, path: tablePath(link, table) }))
  const fresh = now.filter(({ path }) => !before.some((known) => known.path === path))
  return fresh.length === 0
    ? new Map()
    : new Map([setting(name, { identity, tables: [...before, ...fresh] })])
}

/**
 * After the branch has taken in what was read: all of a table for which nothing is held back is the endpoint's own. Of what
 * another link has made this link's reading says nothing: the branch may keep that as a change of its own.
 */
export async function forgetOneWay(
  { repo, link, options }: Round,
  identity: string,
  held: HeldRows,
): Promise<void> {
  const { name, mode, transform = [] } = link
  if (options.dryRun === true || (mode !== 'capture' && mode !== 'two-way')) return
  const before = notesOf(await repo.store.manifest(), identity).get(name) ?? []
  const isKept = ({ table, path }: OneWayTable): boolean =>
    !isAt(link, { table, path }) ||
    transform.some((one) => one.table === table && isOneWay(one)) ||
    held.unmerged().list.some((one) => one.table === table) ||
    held.list.some((one) => one.table === table && one.tooLarge !== undefined)
  const tables = before.filter(isKept)
  if (tables.length === before.length) return
  await repo.store.update((manifest) => ({
    config: new Map([setting(name, { identity, tables })]),
    operation: {
      name: 'sync',
      message: `${name}: read without transform`,
      author: operatorOf(repo, manifest),
    },
  }))
}

function setting(link: string, { identity, tables }: OneWay): [string, string | null] {
  return [oneWayKey(link), tables.length === 0 ? null : JSON.stringify({ identity, tables })]
}

/** @throws VarveError VARVE_REFUSED where rows would go back that a transform has changed */
export function refuseWritingBack(link: Link, manifest: Manifest, identity: string): void {
  const { name, mode } = link
  if (mode === 'capture') return
  for (const [by, tables] of notesOf(manifest, identity)) {
    // In both ways a link first reads anew what a transform of its own had made.
    if (by === name && mode === 'two-way') continue
    const noted = tables.find((one) => isAt(link, one))
    if (noted !== undefined) throw writesBack(link, noted.table, by)
  }
}

function isAt(link: Link, { table, path }: OneWayTable): boolean {
  return link.tables.includes(table) && (path === null || path === tablePath(link, table))
}

function writesBack({ name, mode }: Link, table: string, by: string): VarveError {
  const whose = by === name ? '' : ` of the link '${by}'`
  return new VarveError(
    'VARVE_REFUSED',
    `the branch has of '${table}' what a transform${whose} made of it: mode '${mode}' would write that over the endpoint's own`,
    {
      data: { link: name, table, mode, madeBy: by },
      hint: `run a round of mode 'capture'${whose} without the transform first, and the branch has what the endpoint has`,
    },
  )
}
