import type { ConflictInfo, ConflictOptions } from '../../api/interface.ts'
import type { Repository } from '../../index.ts'
import { type Arguments, usage } from '../arguments.ts'
import { printConflicts } from '../format/conflicts.ts'
import { printRowsMarkdown, printWholeMarkdown } from '../format/conflicts-markdown.ts'
import type { Command, Context } from '../interface.ts'
import type { Output } from '../output.ts'
import { chosenBy } from '../pathspecs/pathspecs.ts'

export const command: Command = {
  usage: ['conflicts [--resolved] [--key KEY...] [--column NAME] [--format FORMAT] [PATH...]'],
  description:
    'Lists the conflicts of the current merge with their three sides: base (the common ancestor), ours\n(this branch) and theirs (what is merged in). `varve resolve` resolves them. A row that both sides\nadded with different contents under one key is a key-collision. --resolved lists the resolved\nconflicts instead, and how each was resolved; until the commit, `varve resolve --forget` opens them\nagain.\n\nFORMAT is table, json, markdown (for a comment on a pull request) or csv: a sheet with the columns\nid, path, key, column, base, ours, theirs and resolution, to be filled in for `varve resolve\n--from`.',
  options: {
    path: { type: 'text', value: 'PATH', about: 'those of this file or folder, like an argument PATH' },
    key: {
      type: 'list',
      short: 'k',
      value: 'KEY',
      about: "those of this row; once for each of its key's columns",
    },
    column: { type: 'text', short: 'c', value: 'NAME', about: 'those of cells in this column' },
    resolved: { type: 'flag', about: 'resolved conflicts, and how they were resolved' },
    format: {
      type: 'text',
      value: 'FORMAT',
      choices: ['table', 'json', 'markdown', 'csv'],
      about: 'table (the default), json, markdown or csv',
    },
  },
  examples: [
    ['varve conflicts', 'all conflicts'],
    ['varve conflicts people.csv -v', 'those of one table, with whole cells'],
    ['varve conflicts --column city --format markdown', 'those of one column, for a pull request'],
    [
      'varve conflicts --format csv > conflicts.csv',
      'a sheet to fill in: varve resolve --from conflicts.csv',
    ],
    ['varve conflicts --resolved', 'resolved conflicts, and how they were resolved'],
  ],
  json: "{ items: { id: string; kind: 'cell' | 'row' | 'key-collision' | 'file' | 'schema' | 'part'; path: string; key?: Value[]; keyColumns?: string[]; column?: string; reason?: string; part?: 'cell' | 'row' | 'key-collision' | 'schema' | 'text'; where?: string; names?: { base: string | null; ours: string | null; theirs: string | null }; base: Value | Row; ours: Value | Row; theirs: Value | Row; text?: string; resolution?: { how: 'given' | 'file' | 'reused' | 'rekeyed'; side: 'ours' | 'theirs' | 'base' | null; value: Value | Row } }[] }",
  pages: () => true,
  run,
}

const formats = ['table', 'json', 'markdown', 'csv']

async function run({ arguments: given, out, repository }: Context): Promise<number> {
  const format = given.text('format') ?? 'table'
  if (!formats.includes(format)) throw usage(`unknown format '${format}'`, `known are ${formats.join(', ')}`)
  if (out.json && format === 'csv') throw usage("'--json' and '--format csv' exclude each other")
  const repo = await repository()
  const options = selectionOf(given, repo)
  if (format === 'csv') {
    if (options.resolved === true) throw usage("a sheet has open conflicts only: leave '--resolved' out")
    await out.bytes(encoded(repo.conflictSheet(options)))
    return 0
  }
  if (out.json || format === 'json') {
    await out.asJson(repo.conflicts(options))
    return 0
  }
  const count = await (format === 'markdown' ? printMarkdown : printTables)(out, repo, options)
  if (format === 'markdown') return 0
  if (count === 0) out.say(await nothingText(repo, options))
  else if (options.resolved === true)
    out.hint("'varve resolve --forget PATH [--key KEY] [--column NAME]' opens one again")
  else out.hint("varve resolve PATH [--key KEY] [--column NAME] --ours | --theirs | --base | --value 'TEXT'")
  return 0
}

/** The text for an empty list. It must not call settled what only a filter hides. */
async function nothingText(
  repo: Repository,
  { resolved, path, paths, key, column }: ConflictOptions,
): Promise<string> {
  const isWhole = [path, paths, key, column].every((filter) => filter === undefined)
  if (resolved === true) return isWhole ? 'nothing is resolved' : 'nothing is resolved there'
  const left = (await repo.merging())?.conflicts ?? 0
  if (left === 0) return 'no conflicts'
  return `no conflicts there; ${left === 1 ? '1 elsewhere' : `${left} elsewhere`}`
}

function selectionOf(given: Arguments, repo: Repository): ConflictOptions {
  const named = given.text('path')
  if (named !== undefined && given.words.length > 0) throw usage("'--path' and PATH exclude each other")
  const key = given.list('key')
  const column = given.text('column')
  return {
    ...chosenBy(given, repo.root, named === undefined ? given.words : [named]),
    ...(key.length === 0 ? {} : { key }),
    ...(column === undefined ? {} : { column }),
    resolved: given.flag('resolved'),
  }
}

const rowKinds = ['cell', 'row', 'key-collision', 'part'] as const satisfies readonly ConflictInfo['kind'][]

/** Conflicts of columns stand apart: they hold up a whole table, and settling them may bring others to light. */
async function printTables(out: Output, repo: Repository, options: ConflictOptions): Promise<number> {
  const schemas = await printConflicts(out, repo.conflicts({ ...options, kinds: ['schema'] }))
  const others = repo.conflicts({ ...options, kinds: [...rowKinds, 'file'] })
  return schemas + (await printConflicts(out, schemas > 0 ? setApart(out, others) : others))
}

/** Passes the conflicts on, and prints a blank line before the first. */
async function* setApart<T>(out: Output, conflicts: AsyncIterable<T>): AsyncGenerator<T> {
  let isFirst = true
  for await (const conflict of conflicts) {
    if (isFirst) out.line()
    isFirst = false
    yield conflict
  }
}

async function printMarkdown(out: Output, repo: Repository, options: ConflictOptions): Promise<number> {
  const of = (kinds: readonly ConflictInfo['kind'][]): AsyncGenerator<ConflictInfo> =>
    repo.conflicts({ ...options, kinds })
  const schemas = await printWholeMarkdown(out, 'Conflicts of columns', of(['schema']))
  const files = await printWholeMarkdown(out, 'Conflicts of files', of(['file']))
  const rows = await printRowsMarkdown(out, 'Conflicts of rows and cells', of(rowKinds))
  if (schemas + files + rows === 0) out.line('No conflicts.')
  return schemas + files + rows
}

async function* encoded(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  let pending = ''
  for await (const line of lines) {
    pending += line
    if (pending.length < 1 << 16) continue
    yield Buffer.from(pending)
    pending = ''
  }
  if (pending !== '') yield Buffer.from(pending)
}
