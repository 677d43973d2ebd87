// Changes one entry of varve.yaml and leaves everything else in it as the user wrote it: comments, order, spelling.
import { authEntry } from '../dataset/auth-section.ts'
import { cursorEntry } from '../dataset/cursor-section.ts'
import { type Document, isMap, isScalar, isSeq } from 'yaml'
import { VarveError, isVarveError } from '../base/errors.ts'
import { didYouMean, nearest } from '../base/nearest.ts'
import type { Path } from '../files/interface.ts'
import { formatOfPath } from '../formats/formats.ts'
import { transformEntries } from '../dataset/transform-entries.ts'
import { parseConfig } from '../dataset/config.ts'
import { parsedConfig } from '../dataset/document.ts'
import { renamedTables } from '../dataset/rename-tables.ts'
import { declaredEntries } from '../dataset/declared-tables.ts'
import { type LinkSetting, type TableSetting, configFileName } from '../dataset/interface.ts'
import { configText } from './config-file.ts'
import { replaceFile } from './replace-file.ts'

/** Sets the entries of tables that have the same key; makes the file when there is none. */
export function addTables(root: string, paths: readonly Path[], setting: TableSetting): void {
  const { document } = parsedConfig(configText(root))
  for (const path of paths) addTable(document, path, setting)
  write(root, document)
}

function addTable(document: Document, path: Path, setting: TableSetting): void {
  const known = document.getIn(['tables', path])
  const entry = isMap(known) ? known : document.createNode({})
  if (!isMap(document.contents))
    document.contents = document.createNode({}) as unknown as typeof document.contents
  if (!isMap(document.get('tables'))) document.set('tables', document.createNode({}))
  // What else the entry says (merge policies) stays.
  const key = document.createNode(setting.key.length === 1 ? setting.key[0] : [...setting.key])
  if (isSeq(key)) key.flow = true
  document.setIn(['tables', path], entry)
  document.setIn(['tables', path, 'key'], key)
  if (setting.format === null) document.deleteIn(['tables', path, 'format'])
  else document.setIn(['tables', path, 'format'], setting.format)
}

/** @throws VarveError VARVE_PATH_NOT_FOUND when the path has no entry of its own */
export function removeTable(root: string, path: Path): void {
  const { document } = parsedConfig(configText(root))
  const tables = document.getIn(['tables'])
  if (!isMap(tables) || !tables.delete(path)) {
    const names = isMap(tables) ? tables.items.map(({ key }) => String(isScalar(key) ? key.value : key)) : []
    throw new VarveError('VARVE_PATH_NOT_FOUND', `'${path}' is not tracked as a table in ${configFileName}`, {
      data: { path },
      hint: didYouMean(nearest(path, names), `look for a pattern that covers it in ${configFileName}`),
    })
  }
  if (tables.items.length === 0) document.delete('tables')
  write(root, document)
}

/** Sets the link's entry; makes the file when there is none. @throws VarveError VARVE_USAGE, as `checkLink` */
export function setLink(root: string, name: string, setting: LinkSetting): void {
  write(root, withLink(root, name, setting))
}

/** @throws VarveError VARVE_USAGE: a file with the link would not be read again */
export function checkLink(root: string, name: string, setting: LinkSetting): void {
  withLink(root, name, setting)
}

function withLink(root: string, name: string, setting: LinkSetting): Document {
  const { document } = parsedConfig(configText(root))
  if (!isMap(document.contents))
    document.contents = document.createNode({}) as unknown as typeof document.contents
  if (!isMap(document.get('links'))) document.set('links', document.createNode({}))
  const tables = document.createNode([...setting.tables])
  if (isSeq(tables)) tables.flow = true
  const entry = document.createNode({ endpoint: setting.endpoint, mode: setting.mode })
  document.setIn(['links', name], entry)
  document.setIn(['links', name, 'tables'], tables)
  if (setting.into !== name) document.setIn(['links', name, 'into'], setting.into)
  if (setting.branch !== null) document.setIn(['links', name, 'branch'], setting.branch)
  if (setting.transform !== undefined)
    document.setIn(['links', name, 'transform'], document.createNode(transformEntries(setting.transform)))
  if (setting.files !== undefined)
    document.setIn(['links', name, 'files'], document.createNode(declaredEntries(setting.files)))
  if (setting.http !== undefined)
    document.setIn(['links', name, 'http'], document.createNode(declaredEntries(setting.http)))
  if (setting.auth !== undefined)
    document.setIn(['links', name, 'auth'], document.createNode(authEntry(setting.auth)))
  if (setting.signature !== undefined) document.setIn(['links', name, 'signature'], setting.signature)
  if (setting.inbox !== undefined)
    document.setIn(['links', name, 'inbox'], document.createNode(declaredEntries(setting.inbox)))
  if (setting.cursor !== undefined) {
    const entries = setting.cursor.map((one) => [one.table, cursorEntry(one)] as const)
    document.setIn(['links', name, 'cursor'], document.createNode(Object.fromEntries(entries)))
  }
  if (setting.commits !== undefined) document.setIn(['links', name, 'commits'], setting.commits)
  if (setting.changes !== undefined) document.setIn(['links', name, 'changes'], setting.changes)
  try {
    parseConfig(textOf(document))
  } catch (error) {
    if (!isVarveError(error, 'VARVE_RULE_VIOLATED')) throw error
    // The line is one of a file that there is not.
    const what = error.message.replace(/^\S+, line \d+: /, '')
    throw new VarveError('VARVE_USAGE', `the link '${name}' cannot be declared: ${what}`, {
      data: { link: name },
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    })
  }
  return document
}

export function removeLink(root: string, name: string): void {
  const { document } = parsedConfig(configText(root))
  const links = document.getIn(['links'])
  if (!isMap(links)) return
  links.delete(name)
  if (links.items.length === 0) document.delete('links')
  write(root, document)
}

/** Lets the entries of moved tables follow them; returns whether there were any. */
export function renameTables(root: string, moved: ReadonlyMap<Path, Path>): boolean {
  const text = renamedTables(configText(root), moved, formatOfPath)
  if (text !== null) replaceFile(root, configFileName, text)
  return text !== null
}

function write(root: string, document: Document): void {
  replaceFile(root, configFileName, textOf(document))
}

function textOf(document: Document): string {
  const isBare =
    isMap(document.contents) && document.contents.items.length === 0 && document.commentBefore === null
  return isBare ? '' : document.toString({ lineWidth: 0 })
}
