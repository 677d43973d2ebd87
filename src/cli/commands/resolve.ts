import type { ResolveOptions } from '../../api/interface.ts'
import { type Arguments, usage } from '../arguments.ts'
import { counted } from '../format/size.ts'
import type { Command, Context } from '../interface.ts'
import { toRepositoryPath } from '../paths.ts'
import { collect } from '../../base/iterables.ts'
import type { Repository } from '../../index.ts'

export const command: Command = {
  usage: [
    'resolve PATH [--key KEY... [--column NAME]] --ours | --theirs | --base',
    'resolve PATH --key KEY... --column NAME --value TEXT',
    'resolve --all --ours | --theirs | --base',
  ],
  description:
    "Settles conflicts of PATH: all of them, or those of the row KEY, or one cell of it. --ours keeps this branch's side,\n--theirs takes the other's, --value writes a value of your own, as it would stand in the file. A text file can also\nbe edited and added: `varve add` settles it as it is then. When none is left, `varve merge --continue` commits.",
  options: {
    key: { type: 'list', short: 'k', value: 'KEY', about: "the row's key; once for each of its columns" },
    column: { type: 'text', short: 'c', value: 'NAME', about: 'only this cell of the row' },
    id: { type: 'text', value: 'ID', about: 'the conflict with this id, as `varve conflicts` shows it' },
    all: { type: 'flag', about: 'the conflicts of all paths' },
    ours: { type: 'flag', about: 'take our side' },
    theirs: { type: 'flag', about: 'take their side' },
    base: { type: 'flag', about: 'take what both started from' },
    value: { type: 'text', value: 'TEXT', about: 'take this value for the cell' },
  },
  examples: [
    ['varve resolve people.csv --theirs', 'their side for the whole file'],
    ['varve resolve people.csv --key 17 --column city --value Vienna', 'a value of your own for one cell'],
    ['varve resolve --all --ours', 'our side everywhere'],
  ],
  json: '{ resolved: number; left: number }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  const options = optionsOf(given)
  const all = given.flag('all')
  given.expectWords(all ? 0 : 1, all ? 0 : 1, 'PATH')
  const repo = await repository()
  const paths = all ? await conflictPaths(repo) : [toRepositoryPath(repo.root, given.words[0]!)]
  let result = { resolved: 0, left: 0 }
  for (const path of paths) {
    const { resolved, left } = await repo.resolve(path, { ...operation, ...options })
    result = { resolved: result.resolved + resolved, left }
  }
  out.result(result, () => {
    out.say(`resolved ${counted(result.resolved, 'conflict')}, ${result.left} left`)
  })
  if (result.left === 0) out.hint("'varve merge --continue' commits")
  return 0
}

function optionsOf(given: Arguments): ResolveOptions {
  given.exclusive('ours', 'theirs', 'base', 'value')
  const value = given.text('value')
  const take = sides.find((side) => given.flag(side)) ?? (value === undefined ? undefined : { value })
  if (take === undefined) throw usage('say what to take: --ours, --theirs, --base or --value TEXT')
  const key = given.list('key')
  const column = given.text('column')
  const id = given.text('id')
  if (column !== undefined && key.length === 0) throw usage('--column needs the row: --key KEY')
  if (value !== undefined && column === undefined && id === undefined)
    throw usage('--value needs one cell: --key KEY --column NAME')
  return {
    take,
    ...(key.length === 0 ? {} : { key }),
    ...(column === undefined ? {} : { column }),
    ...(id === undefined ? {} : { id }),
  }
}

const sides = ['ours', 'theirs', 'base'] as const

async function conflictPaths(repo: Repository): Promise<string[]> {
  return [...new Set((await collect(repo.conflicts())).map(({ path }) => path))]
}
