// Settles conflicts: all that a filter chooses by one choice, or each by its own; and opens again what was settled, so
// that a resolution can be taken back until the commit. In which sequence conflicts are settled does not matter to
// what comes out (test/property/resolve.test.ts). settler.ts does the work.
import { VarveError } from '../../base/errors.ts'
import type { Cid } from '../../encoding/cid.ts'
import { Tree } from '../../files/tree.ts'
import type { ReadOptions } from '../../store/interface.ts'
import { type StoredSide, isOfColumn } from '../conflicts/conflict-record.ts'
import { type ConflictFilter, type NumberedRecord, scanRecords } from '../conflicts/conflicts.ts'
import { type ResolvedRecord, scanResolved } from './resolutions.ts'
import { type OpenMerge, type Resolution, type SettleOptions, Settler } from './settler.ts'
import { TableSchemas } from './table-schemas.ts'
import { type Take, chosenSide, unfit } from './take.ts'

export interface ResolveInput extends OpenMerge, ConflictFilter {
  readonly conflicts: Cid
  readonly take: Take
}

/** For each conflict of a batch what takes its place: null takes the thing away, undefined leaves it open. */
export type Choose = (batch: readonly NumberedRecord[]) => Promise<readonly (StoredSide | null | undefined)[]>

/** @throws VarveError VARVE_PATH_NOT_FOUND when no conflict is chosen, VARVE_USAGE for a value where none can be */
export async function resolveConflicts(
  input: ResolveInput,
  options: SettleOptions = {},
): Promise<Resolution> {
  const { take, writer } = input
  const tree = await Tree.load(input.nodes, input.met?.tree ?? input.tree)
  const schemas = new TableSchemas(input.nodes, tree, options)
  const expected = input.paths?.expectMatches()
  const choose: Choose = async (batch) => {
    const chosen: (StoredSide | null)[] = []
    for (const { record } of batch) {
      expected?.see(record.path)
      if (
        typeof take !== 'string' &&
        input.column === undefined &&
        input.id === undefined &&
        record.kind === 'cell'
      )
        throw unfit(record, 'a value without a column is a whole row', "say which cell: '--column NAME'")
      chosen.push(await chosenSide(record, take, schemas, writer))
    }
    return chosen
  }
  const resolution = await settleConflicts(input, choose, options)
  if (resolution.resolved === 0) throw noConflict(input, await isSettled(input, options))
  await expected?.end()
  return resolution
}

async function isSettled(input: OpenMerge & ConflictFilter, options: ReadOptions): Promise<boolean> {
  const { nodes, met, resolutions } = input
  if (met === null) return false
  for await (const _ of scanResolved(nodes, met.conflicts, resolutions, input, options)) return true
  return false
}

/** As `resolveConflicts`, with a choice for each conflict. */
export async function settleConflicts(
  input: OpenMerge & ConflictFilter & { readonly conflicts: Cid },
  choose: Choose,
  options: SettleOptions = {},
): Promise<Resolution> {
  const settler = await Settler.start(input, 'settle', options)
  for await (const batch of scanRecords(input.nodes, input.conflicts, input, options)) {
    const chosen = await choose(batch)
    await settler.add(
      batch.flatMap((one, i) => (chosen[i] === undefined ? [] : [{ ...one, chosen: chosen[i] }])),
    )
  }
  return settler.finish()
}

/** Takes what the tree holds in the conflicts' places as their resolution; undefined: it holds nothing like it. */
export async function adoptConflicts(
  input: OpenMerge & ConflictFilter & { readonly conflicts: Cid },
  held: Choose,
  options: SettleOptions = {},
): Promise<Resolution> {
  const settler = await Settler.start(input, 'adopt', { how: 'file', ...options })
  for await (const batch of scanRecords(input.nodes, input.conflicts, input, options)) {
    const chosen = await held(batch)
    await settler.add(batch.map((one, i) => ({ ...one, chosen: chosen[i] ?? null })))
  }
  return settler.finish()
}

/** Opens conflicts again: the tree holds ours there, as it did before they were resolved. */
export async function reopenConflicts(
  input: OpenMerge & ConflictFilter,
  options: SettleOptions = {},
): Promise<Resolution> {
  const { nodes, met, resolutions } = input
  const settler = await Settler.start(input, 'reopen', options)
  if (met !== null) {
    for await (const batch of scanResolved(nodes, met.conflicts, resolutions, input, options)) {
      const rekeyed = batch.find(
        ({ how, record }) => how === 'rekeyed' || (how === 'file' && record.kind === 'part'),
      )
      if (rekeyed !== undefined) throw cannotReopen(rekeyed)
      const column = batch.find(({ record }) => isOfColumn(record))
      if (column !== undefined) throw cannotReopen(column)
      await settler.add(
        batch.map(({ number, record, place }) => ({ number, record, place, chosen: record.ours })),
      )
    }
  }
  const resolution = await settler.finish()
  if (resolution.resolved === 0) throw noConflict(input)
  return resolution
}

function cannotReopen({ number, how, record: { path } }: ResolvedRecord): VarveError {
  const what = how === 'rekeyed' ? 'new keys' : how === 'file' ? 'the file as added' : 'changing a column'
  return new VarveError('VARVE_NOT_POSSIBLE', `conflict ${number} was resolved by ${what} in '${path}'`, {
    data: { path, id: String(number) },
    hint: "take the operation back with 'varve undo', or begin again with 'varve merge --abort'",
  })
}

const noneHint = "see 'varve conflicts' for those that are left"
const settledHint =
  "'varve conflicts --resolved' shows how it was settled, 'varve resolve --forget' opens it again"

export function noConflict(
  { paths, path = paths?.texts.join(' '), id, column }: ConflictFilter,
  isSettled = false,
): VarveError {
  const where = path === undefined || path === '' ? '' : ` in '${path}'`
  const what = isSettled ? 'that is settled already' : 'no such conflict'
  return new VarveError('VARVE_PATH_NOT_FOUND', `${what}${where}`, {
    data: { path, id, column },
    hint: isSettled ? settledHint : noneHint,
  })
}
