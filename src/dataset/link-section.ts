// The section 'links' of varve.yaml: which live systems the dataset's tables are kept in step with. Read strictly, as all
// of that file: a misspelt mode must not become another one.
import { isMap, isScalar, isSeq } from 'yaml'
import { isVarveError } from '../base/errors.ts'
import { safePath } from '../files/path.ts'
import { authOf } from './auth-section.ts'
import { fileTablesOf, httpTablesOf, inboxTablesOf } from './declared-tables.ts'
import { cursorsOf } from './cursor-section.ts'
import { type FaultAt, nameOf } from './document.ts'
import { isLinkName, linkNameHint } from './link-name.ts'
import {
  type HttpTable,
  type LinkChanges,
  type LinkMode,
  type LinkSetting,
  type TableCursor,
  linkChanges,
  linkModes,
  webhookSignatures,
} from './interface.ts'
import { transformsOf } from './transform-section.ts'

const settings = [
  'endpoint',
  'mode',
  'tables',
  'into',
  'branch',
  'commits',
  'changes',
  'cursor',
  'transform',
  'files',
  'http',
  'auth',
  'signature',
  'inbox',
] as const

export function* linksOf(section: unknown, value: unknown, fault: FaultAt): Generator<[string, LinkSetting]> {
  if (value === null || (isScalar(value) && value.value === null)) return
  if (!isMap(value)) throw fault(section, "'links' is not a map from name to settings")
  for (const item of value.items) {
    const name = nameOf(item.key)
    if (name === null || !isLinkName(name)) throw fault(item.key, `not a name for a link`, linkNameHint)
    yield [name, linkOf(item.key, item.value, name, fault)]
  }
}

function linkOf(key: unknown, value: unknown, name: string, fault: FaultAt): LinkSetting {
  if (!isMap(value)) throw fault(value ?? key, "the link's settings are not a map")
  const given = new Map<string, unknown>()
  for (const item of value.items) {
    const setting = nameOf(item.key)
    if (setting === null || !(settings as readonly string[]).includes(setting))
      throw fault(item.key, `unknown setting '${String(setting)}'`, `known settings: ${settings.join(', ')}`)
    given.set(setting, item.value)
  }
  const text = (setting: (typeof settings)[number]): string | null => {
    if (!given.has(setting)) return null
    const found = given.get(setting)
    if (isScalar(found) && typeof found.value === 'string') return found.value
    throw fault(found ?? key, `'${setting}' is not text`)
  }
  const endpoint = text('endpoint')
  if (endpoint === null)
    throw fault(key, 'the link has no endpoint', "write its URL as 'endpoint: postgres://…'")
  const mode = text('mode')
  if (mode === null || !isMode(mode))
    throw fault(given.get('mode') ?? key, `unknown mode '${mode ?? ''}'`, `known: ${linkModes.join(', ')}`)
  const tables = tablesOf(key, given.get('tables'), fault)
  const changes = text('changes')
  if (changes !== null && !isChanges(changes))
    throw fault(given.get('changes'), `unknown 'changes: ${changes}'`, `known: ${linkChanges.join(', ')}`)
  const made: Pick<LinkSetting, 'inbox' | 'transform'> = {
    ...(given.has('inbox') ? { inbox: inboxTablesOf(given.get('inbox'), { tables, fault }) } : {}),
    ...(given.has('transform')
      ? { transform: [...transformsOf(given.get('transform'), { mode, tables, fault })] }
      : {}),
  }
  checkPatches(given.get('transform'), made, fault)
  const cursors = cursorSetting(given.get('cursor'), { mode, tables, changes, fault })
  const http = given.has('http') ? httpTablesOf(given.get('http'), { tables, fault }) : []
  if (/^https?:/.test(endpoint)) checkSince(given, { cursors: cursors.cursor ?? [], http }, fault)
  return {
    endpoint,
    mode,
    tables,
    ...(changes === null ? {} : { changes }),
    into: intoOf(key, text('into') ?? name, fault),
    branch: text('branch'),
    ...cursors,
    ...commitsOf(given.get('commits') ?? key, text('commits'), fault),
    ...(given.has('files') ? { files: fileTablesOf(given.get('files'), { tables, fault }) } : {}),
    ...(given.has('http') ? { http } : {}),
    ...(given.has('auth') ? { auth: authOf(given.get('auth'), endpoint, fault) } : {}),
    ...signatureOf(given.get('signature'), text('signature'), fault),
    ...made,
  }
}

/** What a row says that names some columns alone is not enough to choose or to compute by. */
function checkPatches(
  node: unknown,
  { inbox = [], transform = [] }: Pick<LinkSetting, 'inbox' | 'transform'>,
  fault: FaultAt,
): void {
  const clash = transform.find(
    ({ table, where, columns }) =>
      (where !== null || columns.some(({ compute }) => compute !== null)) &&
      inbox.some((one) => one.table === table && one.patches !== undefined),
  )
  if (clash !== undefined)
    throw fault(
      node,
      `'${clash.table}' has 'patches', which tell too little for 'where' and for computed columns`,
      "choose and rename columns, cast and mask them, or leave 'patches' out",
    )
}

/** A cursor of an API is a column of the items and a parameter of the query. */
function checkSince(
  given: ReadonlyMap<string, unknown>,
  { cursors, http }: { readonly cursors: readonly TableCursor[]; readonly http: readonly HttpTable[] },
  fault: FaultAt,
): void {
  const asked = new Set(http.filter(({ since }) => since !== undefined).map(({ table }) => table))
  const lone = cursors.find(({ table }) => !asked.has(table))
  if (lone !== undefined)
    throw fault(
      given.get('cursor'),
      `nothing says how the API is asked for the new items of '${lone.table}'`,
      `name the parameter of its query that takes a value of '${lone.column}': 'since: updated_since' of the table, under 'http'`,
    )
  for (const { table } of cursors) asked.delete(table)
  const [unused] = asked
  if (unused !== undefined)
    throw fault(
      given.get('http'),
      `'since' of '${unused}' has no value to ask for`,
      `name the column that has it, under the link: 'cursor: { ${unused}: updated_at }'`,
    )
}

function tablesOf(key: unknown, value: unknown, fault: FaultAt): readonly string[] {
  const names = isSeq(value) ? value.items.map(nameOf) : [nameOf(value)]
  if (names.length === 0 || names.some((name) => name === null))
    throw fault(value ?? key, 'the link names no tables', "write them as 'tables: [people, orders]'")
  if (new Set(names).size !== names.length) throw fault(value, 'the link names a table twice')
  return names as string[]
}

function intoOf(key: unknown, into: string, fault: FaultAt): string {
  if (into === '' || into === '.') return ''
  try {
    return safePath(into)
  } catch (error) {
    if (!isVarveError(error)) throw error
    throw fault(key, `'into' is not a folder of the dataset: ${error.message}`)
  }
}

function cursorSetting(
  section: unknown,
  {
    mode,
    tables,
    changes,
    fault,
  }: { mode: LinkMode; tables: readonly string[]; changes: string | null; fault: FaultAt },
): Pick<LinkSetting, 'cursor'> {
  if (section === undefined) return {}
  if (mode !== 'capture')
    throw fault(section, `a cursor sees no deletes, and '${mode}' needs them`, "its mode is 'capture'")
  if (changes === 'log') throw fault(section, 'the log shows more than a cursor', "leave 'cursor' out")
  return { cursor: [...cursorsOf(section, { tables, fault })] }
}

function commitsOf(node: unknown, commits: string | null, fault: FaultAt): { commits?: 'each' } {
  if (commits === null) return {}
  if (commits === 'each') return { commits }
  throw fault(node, `unknown value '${commits}' of 'commits'`, "known: 'each'")
}

function signatureOf(node: unknown, text: string | null, fault: FaultAt): Pick<LinkSetting, 'signature'> {
  if (text === null) return {}
  const signature = webhookSignatures.find((one) => one === text)
  if (signature === undefined)
    throw fault(node, `unknown 'signature: ${text}'`, `known: ${webhookSignatures.join(', ')}`)
  return { signature }
}

function isMode(mode: string): mode is LinkMode {
  return (linkModes as readonly string[]).includes(mode)
}

function isChanges(changes: string): changes is LinkChanges {
  return (linkChanges as readonly string[]).includes(changes)
}
