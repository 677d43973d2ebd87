// Writes a plan: first the next state of every file is prepared beside it. Then, if this worker may still write and all
// files are still what was read, each replaces the one before. A file is whole at any moment, but all files together
// are not one transaction. The new base is recorded last: after a kill before that, the next round finds its own rows
// there.
import { VarveError, isVarveError } from '../../base/errors.ts'
import { tooLarge } from '../../formats/reading.ts'
import { HeldBackRows } from '../held-back-rows.ts'
import type { ApplyPlan, Applied, EndpointTable, HeldBackRow } from '../interface.ts'
import { FileTable } from './file-table.ts'
import type { FilePlace, FilesTable, StagedFile } from './interface.ts'
import { rewrite } from './rewrite.ts'
import { checkFence, writeBase } from './state.ts'

const attemptsMax = 3

export interface ApplyContext {
  readonly place: FilePlace
  /** Owner of what it has staged. */
  readonly owner: string
}

export async function applyPlan(applying: ApplyContext, plan: ApplyPlan): Promise<Applied> {
  for (let attempt = 1; ; attempt++) {
    const applied = await attemptPlan(applying, plan)
    if (applied !== 'raced') return applied
    if (attempt >= attemptsMax) throw raced(applying.place)
  }
}

async function attemptPlan({ place, owner }: ApplyContext, plan: ApplyPlan): Promise<Applied | 'raced'> {
  const staged: NamedFile[] = []
  const heldBack: HeldBackRow[] = []
  let written = 0
  try {
    for (const table of plan.tables) {
      if (!(await hasChanges(plan, table))) continue
      const made = await stageTable(table as FilesTable, { place, owner, plan })
      if (made.staged !== null) staged.push({ table: table.name, file: made.staged })
      heldBack.push(...made.heldBack)
      written += made.written
    }
    await checkFence(place, plan)
    if (heldBack.length > 0) return { outcome: 'held-back', rows: heldBack }
    for (const { file } of staged) if (!(await file.isCurrent())) return 'raced'
    plan.signal?.throwIfAborted()
    const refused = await putAll(staged)
    if (refused.length > 0) return { outcome: 'held-back', rows: refused }
    await writeBase(place, plan)
    return { outcome: 'applied', written }
  } finally {
    for (const { file } of staged) await file.drop()
  }
}

interface NamedFile {
  readonly table: string
  readonly file: StagedFile
}

/**
 * Puts all that may be put; the tables of those that may not. @throws the refusal, as one that passes, where others were put:
 * the next round finds these there.
 */
async function putAll(staged: NamedFile[]): Promise<HeldBackRow[]> {
  const refused: HeldBackRow[] = []
  const all = staged.length
  let last: VarveError | null = null
  for (let next = staged.shift(); next !== undefined; next = staged.shift()) {
    const { table, file } = next
    try {
      await file.put()
    } catch (error) {
      await file.drop()
      if (!isVarveError(error, 'VARVE_REFUSED')) throw error
      last = error
      refused.push({ table, key: null, reason: 'rejected', message: error.message })
    }
  }
  if (last === null || refused.length === all) return refused
  const { code, message, data, hint } = last
  throw new VarveError(code, message, {
    data: { ...data, passing: true },
    cause: last,
    ...(hint === undefined ? {} : { hint }),
  })
}

const kinds = ['delete', 'update', 'insert'] as const

async function hasChanges(plan: ApplyPlan, table: EndpointTable): Promise<boolean> {
  for (const kind of kinds)
    for await (const changes of plan.changes(table, kind)) if (changes.length > 0) return true
  return false
}

interface MadeReady {
  readonly staged: StagedFile | null
  readonly written: number
  readonly heldBack: readonly HeldBackRow[]
}

async function stageTable(
  table: FilesTable,
  at: ApplyContext & { readonly plan: ApplyPlan },
): Promise<MadeReady> {
  const { files } = table
  if (files.length > 1) {
    const message = `the table is made of ${files.length} files ('${files[0]!}', …) and is only read`
    return holdAll(table, at.plan, { reason: 'rejected', message })
  }
  const path = files[0] ?? newPath(table.name)
  const { name, rights } = table
  if (rights !== undefined) {
    const message = `'${path}' is only read: ${rights}`
    const heldBack: HeldBackRow[] = [{ table: name, key: null, reason: 'rejected', message, rights }]
    return { staged: null, written: 0, heldBack }
  }
  try {
    return await stageFile(path, table, at)
  } catch (error) {
    if (!isVarveError(error) || error.data['waits'] !== true) throw error
    // What cannot be kept could not be written again as it stands there.
    if (tooLarge.includes(error.data['reason'])) {
      const message = `'${files[0]!}' has a row that is too large to be kept, and is only read: ${error.message}`
      return holdAll(table, at.plan, { reason: 'rejected', message })
    }
    // Somebody else is at it now.
    return holdAll(table, at.plan, { reason: 'changed', message: error.message })
  }
}

async function stageFile(
  path: string,
  table: FilesTable,
  { place, owner, plan }: ApplyContext & { readonly plan: ApplyPlan },
): Promise<MadeReady> {
  const opened = table.files.length === 0 ? null : await place.open(path, 'now')
  const file = new FileTable(path, table)
  try {
    const { table: made, written, heldBack } = await rewrite(file, opened, plan)
    if (made === null || heldBack.length > 0) return { staged: null, written: 0, heldBack }
    return { staged: await place.stage(path, file.render(made), opened, owner), written, heldBack }
  } finally {
    await file.close()
    await opened?.close()
  }
}

async function holdAll(
  table: FilesTable,
  plan: ApplyPlan,
  why: Pick<HeldBackRow, 'reason' | 'message'>,
): Promise<MadeReady> {
  const heldBack = new HeldBackRows()
  for (const kind of kinds)
    for await (const changes of plan.changes(table, kind))
      for (const { key } of changes) heldBack.add({ table: table.name, key, ...why })
  return { staged: null, written: 0, heldBack: heldBack.list }
}

function newPath(table: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is sought
  if (!/^\.|[/\\\u0000]/.test(table) && table !== '') return `${table}.csv`
  throw new VarveError('VARVE_NOT_POSSIBLE', `no file can have the name of the table '${table}'`, {
    data: { table },
    hint: "give the table another name: without '/', '\\' and control characters, and not beginning with '.'",
  })
}

function raced({ location }: FilePlace): VarveError {
  return new VarveError(
    'VARVE_NOT_POSSIBLE',
    `files of '${location}' change faster than they can be written`,
    {
      data: { location, passing: true },
      hint: 'nothing was written; run it again when fewer writers are at work',
    },
  )
}
