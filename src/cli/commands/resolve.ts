import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { VarveError } from '../../base/errors.ts'
import { systemFailure } from '../../base/system-error.ts'
import type { ConflictSelection, ResolveOptions } from '../../api/interface.ts'
import type { Repository } from '../../index.ts'
import { type Arguments, usage } from '../arguments.ts'
import { counted } from '../../base/size.ts'
import { hintAtContinuing } from '../message/going-on.ts'
import type { Command, Context } from '../interface.ts'
import { toRepositoryPath } from '../paths.ts'
import { chosenBy } from '../pathspecs/pathspecs.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: [
    'resolve PATH... [--key KEY... [--column NAME]] --ours | --theirs | --base | --delete | --keep',
    'resolve PATH --key KEY... [--column NAME] --value TEXT',
    'resolve --id ID | --all --ours | --theirs | --base | …',
    'resolve --from FILE.csv',
    'resolve PATH --rekey [ours | theirs]',
    'resolve --forget PATH... [--key KEY... [--column NAME]] | --all',
  ],
  description:
    "Resolves conflicts of PATHs (files, folders or patterns): all of them, those of the row KEY, or one cell of\nit. --ours keeps this branch's side, --theirs takes the other's. If one side deleted what the other\nchanged, --delete removes it and --keep keeps it. You can also edit a file and add it: `varve add`\nresolves its conflicts as the file then is. When none is left, `varve merge --continue` commits.\n\n--value writes a value of your own: a cell as it is written in the file, or a row as a JSON object,\nin which columns may be left out if the sides agree on them. In files that are not tracked as\ntables, a row is its line, and a value in JSON or YAML is written as in the file.\n\n--from takes decisions from a sheet that `varve conflicts --format csv` wrote. In its column\n'resolution', ours, theirs, base, delete and keep mean what the options mean, and an empty cell\nleaves the conflict open. =TEXT is the value TEXT, and so is any other text (=ours is the text\n'ours', = alone is the empty text). The whole sheet is checked first: an unknown id, or a line that\ndiffers from the stored conflict, is refused with its number, and nothing is changed.\n\n--rekey keeps both rows of each key-collision of the table PATH: the rows of one side (default:\ntheirs) get new keys above all others. The cells in which that side refers to them follow, in the\ncolumns that varve.yaml declares: `tables: {orders.csv: {key: id, references: {person:\npeople.csv}}}`. The key has to be one column of integers.\n\nResolutions are remembered. If the same conflict comes again, with the same three values in the same\nplace, a merge resolves it the same way, says so, and stops so that you can check it. --forget opens\nresolved conflicts again and forgets their resolutions; outside of a merge it forgets what is\nremembered for PATH. `varve config rerere.enabled false` turns this off; `varve config\nrerere.autoCommit true` lets such a merge be committed at once.",
  options: {
    key: { type: 'list', short: 'k', value: 'KEY', about: "the row's key; once for each of its columns" },
    column: { type: 'text', short: 'c', value: 'NAME', about: 'only this cell of the row' },
    id: { type: 'text', value: 'ID', about: 'the conflict with this id, as `varve conflicts` shows it' },
    all: { type: 'flag', about: 'the conflicts of all paths' },
    ours: { type: 'flag', about: 'take our side' },
    theirs: { type: 'flag', about: 'take their side' },
    base: { type: 'flag', about: 'take what both started from' },
    delete: { type: 'flag', about: 'delete the row or file' },
    keep: { type: 'flag', about: 'keep the row or file that one side deleted' },
    value: {
      type: 'text',
      value: 'TEXT',
      about:
        'take this value for the cell, or this JSON object (in an untracked file: this line) for the row',
    },
    from: {
      type: 'text',
      value: 'FILE',
      about: "take decisions from a filled-in sheet, '-' for standard input",
    },
    rekey: { type: 'flag', about: "keep both rows of each key-collision; one side's rows get new keys" },
    forget: { type: 'flag', about: 'open resolved conflicts again, and forget their resolutions' },
  },
  examples: [
    ['varve resolve people.csv --theirs', 'their side for the whole file'],
    ["varve resolve 'data/*.csv' --ours", 'our side for several files'],
    ['varve resolve people.csv --key 17 --column city --value Vienna', 'a value of your own for one cell'],
    ['varve resolve people.csv --key 17 --value \'{"name": "Ada", "city": "Vienna"}\'', 'and for a row'],
    ['varve resolve people.csv --key 18 --delete', 'delete the row'],
    ['varve resolve --id 4 --base', 'one conflict by its id'],
    ['varve resolve --all --ours', 'our side everywhere'],
    ['varve resolve --from conflicts.csv', 'the decisions of a filled-in sheet'],
    ['varve resolve people.csv --rekey', 'both rows of each key-collision, theirs under new keys'],
    ['varve resolve --forget people.csv --key 17', 'open this conflict again'],
  ],
  json: "{ resolved: number; left: number }; --rekey: { path: string; side: 'ours' | 'theirs'; keys: { before: string; after: string }[]; references: { path: string; column: string; cells: number }[]; found: number; resolved: number; left: number }; --forget: { reopened: number; left: number } in a merge, else { forgotten: number }",
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  const source = given.text('from')
  if (source !== undefined) {
    given.exclusive('from', ...takes, 'forget', 'id', 'all')
    given.expectWords(0, 0, '')
    const sheet = await readSheet(source)
    const repo = await repository()
    return report(out, repo, await repo.resolveSheet(sheet, operation))
  }
  if (given.flag('rekey')) return rekey({ given, out, repository, operation })
  if (given.flag('forget')) return forget({ given, out, repository, operation })
  const options = optionsOf(given)
  const repo = await repository()
  const { path, paths = null } = pathsOf(given, repo)
  return report(out, repo, await repo.resolve(path ?? paths, { ...operation, ...options }))
}

async function report(
  out: Context['out'],
  repo: Repository,
  result: { resolved: number; left: number },
): Promise<number> {
  out.result(result, () => {
    out.say(`resolved ${counted(result.resolved, 'conflict')}, ${result.left} left`)
  })
  if (result.left === 0) await hintAtContinuing(out, repo)
  return 0
}

type Hand = Pick<Context, 'out' | 'repository' | 'operation'> & { given: Arguments }

async function rekey({ given, out, repository, operation }: Hand): Promise<number> {
  given.exclusive('rekey', ...takes, 'forget', 'id', 'all', 'key', 'column')
  given.expectWords(1, 2, 'PATH')
  const [typed, side = 'theirs'] = given.words
  if (side !== 'ours' && side !== 'theirs') throw usage(`'--rekey' takes 'ours' or 'theirs', not '${side}'`)
  const repo = await repository()
  const result = await repo.rekey(toRepositoryPath(repo.root, typed!), { ...operation, side })
  out.result(result, () => {
    const rows = counted(result.keys.length, 'row')
    const whose = side === 'ours' ? 'our' : 'their'
    out.say(`new keys for ${rows} of ${whose} side, ${counted(result.left, 'conflict')} left`)
    const shown = out.verbose ? result.keys : result.keys.slice(0, keysShownMax)
    for (const { before, after } of shown) out.say(`  ${visible(before)} -> ${visible(after)}`)
    if (shown.length < result.keys.length) out.say(`  (${result.keys.length - shown.length} more: -v)`)
    for (const { path, column, cells } of result.references)
      out.say(`  ${counted(cells, 'cell')} of '${visible(column)}' in ${visible(path)} followed`)
    if (result.found > 0)
      out.say(`  ${counted(result.found, 'new conflict')}: both sides wrote the same key, and meant two rows`)
  })
  if (result.left === 0) await hintAtContinuing(out, repo)
  return 0
}

async function forget({ given, out, repository, operation }: Hand): Promise<number> {
  given.exclusive('forget', ...takes)
  const repo = await repository()
  const chosen = pathsOf(given, repo)
  const selection = selectionOf(given)
  if ((await repo.status(operation)).merging !== null) {
    const result = await repo.reopenConflicts({
      ...operation,
      ...selection,
      ...chosen,
    })
    out.result(result, () => {
      out.say(`opened ${counted(result.reopened, 'conflict')} again, ${result.left} left`)
    })
    return 0
  }
  if (Object.keys(selection).length > 0)
    throw usage('outside of a merge only PATHs, or --all, can be forgotten')
  const forgotten = await repo.forgetResolutions(chosen.path ?? chosen.paths)
  out.result({ forgotten }, () => out.say(`forgot ${counted(forgotten, 'resolution')}`))
  return 0
}

/** The path that is given, or several of them; none for all. */
function pathsOf(given: Arguments, repo: Repository): Pick<ConflictSelection, 'path' | 'paths'> {
  const isForAll = given.flag('all')
  const max = isForAll ? 0 : Number.POSITIVE_INFINITY
  given.expectWords(isForAll || given.text('id') !== undefined ? 0 : 1, max, 'PATH')
  return chosenBy(given, repo.root, given.words)
}

const keysShownMax = 20
const sides = ['ours', 'theirs', 'base', 'delete', 'keep'] as const
const takes = [...sides, 'value'] as const

function optionsOf(given: Arguments): ResolveOptions {
  given.exclusive(...takes)
  const value = given.text('value')
  const take = sides.find((side) => given.flag(side)) ?? (value === undefined ? undefined : { value })
  if (take === undefined)
    throw usage('say what to take: --ours, --theirs, --base, --delete, --keep or --value TEXT')
  const selection = selectionOf(given)
  if (value !== undefined && selection.key === undefined && selection.id === undefined)
    throw usage('--value needs one cell or row: --key KEY [--column NAME]')
  return { take, ...selection }
}

function selectionOf(given: Arguments): Omit<ResolveOptions, 'take'> {
  const key = given.list('key')
  const column = given.text('column')
  const id = given.text('id')
  if (column !== undefined && key.length === 0) throw usage('--column needs the row: --key KEY')
  return {
    ...(key.length === 0 ? {} : { key }),
    ...(column === undefined ? {} : { column }),
    ...(id === undefined ? {} : { id }),
  }
}

async function readSheet(source: string): Promise<Uint8Array> {
  if (source === '-') return buffer(process.stdin)
  try {
    return await readFile(source)
  } catch (error) {
    const said = systemFailure(error, `cannot read the sheet '${source}'`, source)
    if (said === null) throw error
    throw new VarveError('VARVE_PATH_NOT_FOUND', said.message, {
      data: said.data,
      hint: "'varve conflicts --format csv > conflicts.csv' writes one to fill in",
      cause: error,
    })
  }
}
