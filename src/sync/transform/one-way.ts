// Transforms that cannot be undone: masks, filters, casts and computed columns. What they made of a table must not go back to
// where it was read, also after the transform was taken away: a mirror would write masks over the values themselves, and
// delete the rows that a filter had left out. So it is kept under the link's name, also when the link is removed, of which
// tables of which endpoint the branch has no more than that.
import { VarveError } from '../../base/errors.ts'
import type { TableTransform } from '../../dataset/interface.ts'
import type { Manifest } from '../../store/interface.ts'
import { operatorOf } from '../../repo/context.ts'
import type { HeldRows } from '../held/held-rows.ts'
import type { Link } from '../interface.ts'
import type { Round } from '../round.ts'

export interface OneWay {
  readonly identity: string
  readonly tables: readonly string[]
}

export function isOneWay({ where, columns }: TableTransform): boolean {
  return where !== null || columns.some(({ compute, mask, cast }) => (compute ?? mask ?? cast) !== null)
}

function oneWayKey(link: string): string {
  return `link.${link}.oneWay`
}

function readOneWay(manifest: Manifest, { link, identity }: { link: string; identity: string }): OneWay {
  const text = manifest.config.get(oneWayKey(link))
  const known = text === undefined ? null : (JSON.parse(text) as OneWay)
  return known?.identity === identity ? known : { identity, tables: [] }
}

/** The setting to be noted together with rows that such a transform made; empty where it is noted. */
export function noteOneWay(
  { name, transform = [] }: Link,
  manifest: Manifest,
  identity: string,
): ReadonlyMap<string, string | null> {
  const before = readOneWay(manifest, { link: name, identity }).tables
  const now = transform.filter(isOneWay).map(({ table }) => table)
  return setting(name, { identity, tables: [...new Set([...before, ...now])] }, before)
}

/** After the branch has taken in what was read: all of a table for which nothing is held back is the endpoint's own. */
export async function forgetOneWay(
  { repo, link, options }: Round,
  identity: string,
  held: HeldRows,
): Promise<void> {
  const { name, mode, transform = [] } = link
  if (options.dryRun === true || (mode !== 'capture' && mode !== 'two-way')) return
  const before = readOneWay(await repo.store.manifest(), { link: name, identity }).tables
  const isKept = (table: string): boolean =>
    transform.some((one) => one.table === table && isOneWay(one)) ||
    held.unmerged().list.some((one) => one.table === table) ||
    held.list.some((one) => one.table === table && one.tooLarge !== undefined)
  const config = setting(name, { identity, tables: before.filter(isKept) }, before)
  if (config.size === 0) return
  await repo.store.update((manifest) => ({
    config,
    operation: {
      name: 'sync',
      message: `${name}: read without transform`,
      author: operatorOf(repo, manifest),
    },
  }))
}

function setting(
  link: string,
  { identity, tables }: OneWay,
  before: readonly string[],
): ReadonlyMap<string, string | null> {
  if (tables.length === before.length) return new Map()
  return new Map([[oneWayKey(link), tables.length === 0 ? null : JSON.stringify({ identity, tables })]])
}

/** @throws VarveError VARVE_REFUSED where rows would go back that a transform has changed */
export function refuseWritingBack({ name, mode, tables }: Link, manifest: Manifest, identity: string): void {
  if (mode !== 'mirror' && mode !== 'materialize') return
  const known = readOneWay(manifest, { link: name, identity }).tables
  const table = known.find((one) => tables.includes(one))
  if (table === undefined) return
  throw new VarveError(
    'VARVE_REFUSED',
    `the branch has of '${table}' what a transform made of it: mode '${mode}' would write that over the endpoint's own`,
    {
      data: { link: name, table, mode },
      hint: "run a round of mode 'capture' without the transform first, and the branch has what the endpoint has",
    },
  )
}
