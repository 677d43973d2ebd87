import { VarveError, isVarveError } from '../../base/errors.ts'
import type { BundleInfo, Repository } from '../../index.ts'
import { usage } from '../arguments.ts'
import { alignedRows } from '../format/columns.ts'
import { shortId } from '../format/commit.ts'
import { counted, sizeText } from '../../base/size.ts'
import type { Command, Context } from '../interface.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['bundle create [--since REV]... [--all] FILE [REV...]', 'bundle list FILE', 'bundle verify FILE'],
  description:
    "Puts branches and tags, with everything that they reach, into one file, for places that no network\nreaches. REV names them (default: the current branch). 'A..B', '^A' and --since leave out what A\nreaches, which the receiver must then have. Such a file is a remote like any other: clone it, or add\nit with `varve remote add` and fetch or pull. You cannot push to it.",
  options: {
    since: { type: 'list', value: 'REV', about: 'create: leave out what REV reaches' },
    all: { type: 'flag', about: 'create: all branches and tags, and the notes' },
  },
  examples: [
    ['varve bundle create prices.bundle', 'the current branch, whole'],
    ['varve bundle create --since v1 news.bundle main', 'what is new in main since v1'],
    ['varve clone prices.bundle', 'on the other side'],
    [
      'varve bundle verify news.bundle',
      'check the file, and that this repository has what it continues from',
    ],
  ],
  json: '{ file: string; bytes: number; head: string | null; refs: { ref: string; target: string }[]; needs: string[]; objects: number }; verify also: { problems: { where: string; what: string }[]; lacking: string[] | null }',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given } = context
  const [action, file, ...revisions] = given.words
  if (action !== 'create' && action !== 'list' && action !== 'verify')
    throw usage(`'${action ?? ''}' is not one of create, list, verify`)
  if (file === undefined) throw usage('missing argument: FILE')
  if (action === 'create') return create(context, file, revisions)
  given.expectWords(2, 2, 'FILE')
  return action === 'list' ? list(context, file) : verify(context, file)
}

async function create(context: Context, file: string, revisions: readonly string[]): Promise<number> {
  const { arguments: given, out, operation } = context
  const repo = await context.repository()
  const since = given.list('since')
  const bundle = await repo.createBundle(file, { ...operation, revisions, since, all: given.flag('all') })
  out.result(bundle, () => {
    out.say(`${visible(file)}: ${counted(bundle.objects, 'object')}, ${sizeText(bundle.bytes)}`)
    if (bundle.needs.length > 0) out.say(`continues from ${bundle.needs.map(shortId).join(', ')}`)
  })
  return 0
}

async function list({ out }: Context, file: string): Promise<number> {
  const { readBundle } = await import('../../api/remotes/bundles.ts')
  const bundle = await readBundle(file)
  out.result(bundle, () => {
    for (const line of linesOf(bundle)) out.line(line)
  })
  return 0
}

async function verify(context: Context, file: string): Promise<number> {
  const { out, operation } = context
  const repo = await repositoryIfAny(context)
  const { verifyBundle } = await import('../../api/remotes/bundles.ts')
  const verdict = await (repo === null ? verifyBundle(file, operation) : repo.verifyBundle(file, operation))
  if (verdict.problems.length > 0) {
    const [first] = verdict.problems
    throw new VarveError('VARVE_CORRUPT', `'${file}' is damaged: ${first!.where}: ${first!.what}`, {
      data: { ...verdict },
      hint: 'have it made or copied again',
    })
  }
  const lacking = verdict.lacking ?? []
  out.result(verdict, () => {
    out.say(`${visible(file)} is whole: ${counted(verdict.objects, 'object')}, ${sizeText(verdict.bytes)}`)
    if (lacking.length > 0) out.say(`not here: ${lacking.map(shortId).join(', ')}, which it continues from`)
    else if (verdict.needs.length > 0 && repo === null)
      out.say(`continues from ${verdict.needs.map(shortId).join(', ')}`)
  })
  return lacking.length > 0 ? 1 : 0
}

function linesOf(bundle: BundleInfo): string[] {
  const refs = bundle.refs.map(({ ref, target }) => [shortId(target), visible(ref)])
  return alignedRows([...refs, ...bundle.needs.map((id) => [shortId(id), '(needed)'])])
}

async function repositoryIfAny({ repository }: Context): Promise<Repository | null> {
  try {
    return await repository()
  } catch (error) {
    if (isVarveError(error, 'VARVE_NO_REPOSITORY')) return null
    throw error
  }
}
