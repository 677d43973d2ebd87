// A merge of tables by brute force: rows are maps from column to text, columns have identities, and nothing here knows
// of trees, slots, hunks or schemas. Shares no code with the engine, so that the two are wrong in different ways.

export interface ModelColumn {
  /** Of a column of the base: its number there. Of one that a side added: '+' and its name. */
  readonly id: string
  readonly name: string
}

export type ModelRow = ReadonlyMap<string, string>

export interface ModelTable {
  /** All but the key, which is called 'id'. */
  readonly columns: readonly ModelColumn[]
  /** Keys in the order of the file. */
  readonly order: readonly string[]
  /** By key, and by id of the column. */
  readonly rows: ReadonlyMap<string, ModelRow>
}

export type ModelPolicy = 'ours' | 'theirs' | 'max' | 'min' | 'sum' | 'append' | 'union'

export interface ModelPolicies {
  readonly rows: 'ours' | 'theirs' | 'keep-edit' | null
  /** By name of the merged column. */
  readonly columns: ReadonlyMap<string, ModelPolicy>
}

export interface ModelResult {
  /** null: the whole table waits. */
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, string>> | null
  /** Names. */
  readonly columns: ReadonlySet<string>
  readonly conflicts: readonly string[]
  readonly decided: number
}

interface Fate {
  readonly id: string
  readonly base: boolean
  readonly ours: string | null
  readonly theirs: string | null
  /** Name in the merged table; null: it is gone. */
  readonly name: string | null
  readonly clash: boolean
}

/** Parts of a conflict's name, as the tests write them. */
export function conflictName(...parts: readonly (string | undefined)[]): string {
  return parts.map((part) => part ?? '-').join(' ')
}

export function mergeModels(
  base: ModelTable,
  ours: ModelTable,
  theirs: ModelTable,
  policies: ModelPolicies,
): ModelResult {
  const fates = fatesOf(base, ours, theirs)
  const names = ['id', ...fates.flatMap(({ name }) => name ?? [])]
  const columns = new Set(names)
  if (columns.size < names.length) return { rows: null, columns, conflicts: ['table'], decided: 0 }
  const conflicts = fates
    .filter(({ clash }) => clash)
    .map(({ ours: mine, theirs: yours }) => conflictName('column', (mine ?? yours)!))
  const rows = new Map<string, ReadonlyMap<string, string>>()
  let decided = 0
  for (const key of new Set([...base.order, ...ours.order, ...theirs.order])) {
    const merged = mergeRow(key, { fates, base, ours, theirs, policies })
    if (merged.row !== null) rows.set(key, merged.row)
    conflicts.push(...merged.conflicts)
    decided += merged.decided
  }
  for (const [mine, yours] of rekeyed({ fates, base, ours, theirs, policies }, rows)) {
    rows.delete(yours)
    conflicts.push(conflictName('row', mine, undefined, 'row', undefined))
    conflicts.push(conflictName('row', yours, undefined, undefined, 'row'))
  }
  return { rows, columns, conflicts: conflicts.sort(), decided }
}

/** One row that both removed, and one with its cells that each side added alone: it has two keys now, and ours stays. */
function rekeyed(
  { fates, base, ours, theirs }: Merge,
  rows: ReadonlyMap<string, ReadonlyMap<string, string>>,
): (readonly [string, string])[] {
  const text = (row: ReadonlyMap<string, string>): string =>
    JSON.stringify([...row].sort(([a], [b]) => (a < b ? -1 : 1)))
  const kept = fates.filter(({ name }) => name !== null)
  const was = (key: string): Map<string, string> =>
    new Map(
      kept.flatMap(({ id, name }) => {
        const cell = base.rows.get(key)!.get(id)
        return cell === undefined ? [] : [[name!, cell]]
      }),
    )
  const gone = base.order
    .filter((key) => !ours.rows.has(key) && !theirs.rows.has(key))
    .map((key) => text(was(key)))
  const alone = (side: ModelTable, other: ModelTable): string[] =>
    side.order.filter((key) => !base.rows.has(key) && !other.rows.has(key))
  const [mine, yours] = [alone(ours, theirs), alone(theirs, ours)]
  return gone.flatMap((cells) => {
    const same = (keys: readonly string[]): string[] => keys.filter((key) => text(rows.get(key)!) === cells)
    const [left, right] = [same(mine), same(yours)]
    const isOne = gone.filter((one) => one === cells).length === 1 && left.length === 1 && right.length === 1
    return isOne && cells !== '[]' ? [[left[0]!, right[0]!] as const] : []
  })
}

function fatesOf(base: ModelTable, ours: ModelTable, theirs: ModelTable): Fate[] {
  const nameIn = (table: ModelTable, id: string): string | null =>
    table.columns.find((column) => column.id === id)?.name ?? null
  const fates = base.columns.map(({ id, name: before }): Fate => {
    const [mine, yours] = [nameIn(ours, id), nameIn(theirs, id)]
    const fate = { id, base: true, ours: mine, theirs: yours }
    if (mine !== null && yours !== null) {
      const clash = mine !== before && yours !== before && mine !== yours
      return { ...fate, name: mine === before ? yours : mine, clash }
    }
    if (mine === null && yours === null) return { ...fate, name: null, clash: false }
    const left = mine === null ? theirs : ours
    const isEdited = base.order.some(
      (key) => left.rows.has(key) && left.rows.get(key)!.get(id) !== base.rows.get(key)!.get(id),
    )
    const clash = isEdited || (mine ?? yours) !== before
    return { ...fate, name: clash ? mine : null, clash }
  })
  const known = new Set(base.columns.map(({ id }) => id))
  const added = new Set(
    [...ours.columns, ...theirs.columns].map(({ id }) => id).filter((id) => !known.has(id)),
  )
  for (const id of added) {
    const [mine, yours] = [nameIn(ours, id), nameIn(theirs, id)]
    fates.push({ id, base: false, ours: mine, theirs: yours, name: mine ?? yours, clash: false })
  }
  return fates
}

interface RowMerge {
  readonly row: ReadonlyMap<string, string> | null
  readonly conflicts: readonly string[]
  readonly decided: number
}

interface Merge {
  readonly fates: readonly Fate[]
  readonly base: ModelTable
  readonly ours: ModelTable
  readonly theirs: ModelTable
  readonly policies: ModelPolicies
}

function mergeRow(key: string, merge: Merge): RowMerge {
  const { fates, policies } = merge
  const [was, mine, yours] = [merge.base, merge.ours, merge.theirs].map((table) => table.rows.get(key))
  /** Of a column that only ours still has, theirs has base's cells, and in a new row ours'. */
  const cell = (side: 'base' | 'ours' | 'theirs', { id, ours, theirs, base }: Fate): string | undefined => {
    if (side === 'base') return was?.get(id)
    if (side === 'ours') return ours === null ? undefined : mine?.get(id)
    if (theirs === null && base) return was === undefined ? yours && mine?.get(id) : was.get(id)
    return theirs === null ? undefined : yours?.get(id)
  }
  const kept = fates.filter(({ name }) => name !== null)
  const rowOf = (side: 'base' | 'ours' | 'theirs'): Map<string, string> =>
    new Map(
      kept.flatMap((fate) => {
        const text = cell(side, fate)
        return text === undefined ? [] : [[fate.name!, text]]
      }),
    )
  if (was !== undefined && mine !== undefined && yours !== undefined) {
    const row = new Map<string, string>()
    const conflicts: string[] = []
    let decided = 0
    for (const fate of kept) {
      const [b, o, t] = [cell('base', fate), cell('ours', fate), cell('theirs', fate)]
      const policy = policies.columns.get(fate.name!)
      const isClash = o !== b && t !== b && (o !== t || policy === 'sum')
      const choice = isClash && policy !== undefined ? decide(policy, b, o, t) : null
      if (choice !== null) decided++
      else if (isClash && o !== t) conflicts.push(conflictName(key, fate.name!, b, o, t))
      const text = choice === null ? (o === b ? t : o) : choice.text
      if (text !== undefined) row.set(fate.name!, text)
    }
    return { row, conflicts, decided }
  }
  const same = (a: ModelRow, b: ModelRow): boolean => kept.every(({ name }) => a.get(name!) === b.get(name!))
  const settled = (row: ReadonlyMap<string, string> | null): RowMerge => ({ row, conflicts: [], decided: 0 })
  if (mine === undefined && yours === undefined) return settled(null)
  if (was === undefined && (mine === undefined || yours === undefined))
    return settled(rowOf(mine === undefined ? 'theirs' : 'ours'))
  if (was === undefined && same(rowOf('ours'), rowOf('theirs'))) return settled(rowOf('ours'))
  if (was !== undefined) {
    const side = mine === undefined ? 'theirs' : 'ours'
    const row = (mine ?? yours)!
    // A cell that was changed in a column that is gone is a change of the row all the same.
    const isLost = fates.some(
      (fate) =>
        fate.name === null && fate.base && fate[side] !== null && row.get(fate.id) !== was.get(fate.id),
    )
    if (!isLost && same(rowOf(side), rowOf('base'))) return settled(null)
  }
  const [left, right] = [mine && rowOf('ours'), yours && rowOf('theirs')]
  if (policies.rows === 'ours') return { row: left ?? null, conflicts: [], decided: 1 }
  if (policies.rows === 'theirs') return { row: right ?? null, conflicts: [], decided: 1 }
  if (policies.rows === 'keep-edit' && was !== undefined)
    return { row: (left ?? right)!, conflicts: [], decided: 1 }
  const name = conflictName('row', key, was && 'row', mine && 'row', yours && 'row')
  return { row: left ?? null, conflicts: [name], decided: 0 }
}

/** Texts of the generator are small whole numbers. */
function decide(
  policy: ModelPolicy,
  b: string | undefined,
  o: string | undefined,
  t: string | undefined,
): { readonly text: string | undefined } | null {
  if (policy === 'ours') return { text: o }
  if (policy === 'theirs') return { text: t }
  if (policy === 'append') {
    const [before, mine, yours] = [b ?? '', o ?? '', t ?? '']
    const isGrown = mine.startsWith(before) && yours.startsWith(before)
    return isGrown ? { text: mine + yours.slice(before.length) } : null
  }
  if (policy === 'union') {
    const [before, mine, yours] = [b, o, t].map((text) => (text === undefined ? [] : [text]))
    const all = [
      ...mine!.filter((x) => yours!.includes(x) || !before!.includes(x)),
      ...yours!.filter((x) => !before!.includes(x)),
    ]
    const items = all.filter((x, i) => all.indexOf(x) === i)
    return { text: items.length === 0 ? undefined : items.join(',') }
  }
  if (o === undefined || t === undefined) return null
  if (policy === 'max') return { text: Number(o) >= Number(t) ? o : t }
  if (policy === 'min') return { text: Number(o) <= Number(t) ? o : t }
  return b === undefined ? null : { text: String(Number(o) + Number(t) - Number(b)) }
}
