import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes } from '../../base/errors.ts'
import { usage } from '../arguments.ts'
import { receiptLines } from '../format/receipt.ts'
import type { Command, Context } from '../interface.ts'
import type { Link, Receipt, Repository, SyncGuard } from '../../index.ts'

const guards: readonly SyncGuard[] = ['deletes', 'identity', 'schema']

export const command: Command = {
  usage: [
    'sync [NAME] [--dry-run] [--allow GUARD...] [--every TIME]',
    'sync status [NAME]',
    'sync conflicts [NAME]',
    'sync resolve NAME --ours|--theirs [TABLE [KEY]]',
  ],
  description:
    "Brings linked tables in step with their live systems, as 'varve link' declares them: what the endpoint changed is\nmerged into the branch, what the branch changed is written to the endpoint in one transaction. A row that both changed,\nthat another writer was faster with, or that the endpoint refuses, is held back: it stays as it is on both sides and is\nlooked at again in each round, while all others go through.",
  options: {
    'dry-run': { type: 'flag', short: 'n', about: 'read both sides, say what would be done, change nothing' },
    allow: {
      type: 'list',
      value: 'GUARD',
      about: "let a round through that was stopped: 'deletes', 'identity' or 'schema'",
    },
    ours: {
      type: 'flag',
      about: "with resolve: the next round writes the branch's rows over the endpoint's",
    },
    theirs: { type: 'flag', about: "with resolve: the branch takes the endpoint's rows" },
    every: { type: 'text', value: 'TIME', about: 'go on, a round each TIME: 30s, 5m, 1h' },
  },
  examples: [
    ['varve sync shop --dry-run', 'see what would be done'],
    ['varve sync', 'do it, for every link'],
    ['varve sync shop --every 5m', 'keep on until Ctrl-C'],
    ['varve sync conflicts', 'see which rows are held back, and why'],
    ['varve sync resolve shop --theirs people 7', "take the endpoint's row"],
  ],
  json: '{ items: Receipt[] }; Receipt = { link: string; mode: string; dryRun: boolean; startedMs: number; finishedMs: number; tables: { table: string; path: string; read: number; captured: Counts; written: Counts }[]; heldBack: { table: string; path: string; key: string; keyHex: string; reason: "conflict" | "changed" | "rejected" | "schema"; message: string }[]; commit: string | null; notes: string[] }; Counts = { added: number; changed: number; removed: number }; with --every one such document a line and round; resolve: { items: HeldBack[] }',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, operation, repository } = context
  if (given.words[0] === 'resolve') return resolve(context)
  const isReport = given.words[0] === 'status' || given.words[0] === 'conflicts'
  given.expectWords(0, isReport ? 2 : 1, '')
  const everyMs = periodOf(given.text('every'))
  const allow = given.list('allow').flatMap((list) => list.split(','))
  const unknown = allow.find((guard) => !(guards as readonly string[]).includes(guard))
  if (unknown !== undefined) throw usage(`'${unknown}' is no guard: ${guards.join(', ')}`)
  const repo = await repository({ commits: true })
  const links = await chosen(repo, given.words[isReport ? 1 : 0])
  if (isReport) return report(context, repo, links)
  const options = { ...operation, dryRun: given.flag('dry-run'), allow: allow as SyncGuard[] }
  for (;;) {
    const receipts: Receipt[] = []
    for (const { name } of links) receipts.push(await repo.sync(name, options))
    context.out.result({ items: receipts }, () => print(context, receipts, 'all'))
    if (everyMs === null) return codeOf(receipts)
    await sleep(everyMs, undefined, operation.signal === undefined ? {} : { signal: operation.signal }).catch(
      () => undefined,
    )
    if (operation.signal?.aborted === true) return 0
  }
}

async function resolve({ arguments: given, out, repository }: Context): Promise<number> {
  given.expectWords(2, 4, 'NAME')
  given.exclusive('ours', 'theirs')
  if (!given.flag('ours') && !given.flag('theirs'))
    throw usage("say whose rows count: '--ours' or '--theirs'")
  const [, name = '', table, key] = given.words
  const repo = await repository({ commits: true })
  const where = { ...(table === undefined ? {} : { table }), ...(key === undefined ? {} : { key }) }
  const settled = await repo.resolveSync(name, given.flag('ours') ? 'ours' : 'theirs', where)
  out.result({ items: settled }, () => {
    out.say(`settled ${settled.length} ${settled.length === 1 ? 'row' : 'rows'}`)
    out.hint(`the next round does it: varve sync ${name}`)
  })
  return 0
}

async function report(context: Context, repo: Repository, links: readonly Link[]): Promise<number> {
  const receipts: Receipt[] = []
  for (const { name } of links) {
    const receipt = await repo.lastSync(name)
    if (receipt !== null) receipts.push(receipt)
  }
  const what = context.arguments.words[0] === 'conflicts' ? 'held-back' : 'all'
  context.out.result({ items: receipts }, () => {
    print(context, receipts, what)
    if (receipts.length === 0) context.out.hint("no round has been run yet: 'varve sync'")
  })
  return 0
}

function print({ out }: Context, receipts: readonly Receipt[], what: 'all' | 'held-back'): void {
  for (const receipt of receipts) for (const line of receiptLines(receipt, what)) out.line(line)
}

async function chosen(repo: Repository, name: string | undefined): Promise<readonly Link[]> {
  const links = await repo.links()
  if (links.length === 0) throw usage('there are no links', "add one with 'varve link add'")
  if (name === undefined) return links
  const link = links.find((one) => one.name === name)
  if (link === undefined)
    throw usage(`no link '${name}'`, `there are: ${links.map((one) => one.name).join(', ')}`)
  return [link]
}

/** Rows that wait for a person are the answer "conflicts", as in a merge. */
function codeOf(receipts: readonly Receipt[]): number {
  return receipts.some(({ heldBack }) => heldBack.length > 0) ? exitCodes.VARVE_MERGE_CONFLICT : 0
}

function periodOf(text: string | undefined): number | null {
  if (text === undefined) return null
  const [, count, unit] = /^(\d{1,6})(s|m|h)$/.exec(text) ?? []
  if (count === undefined || Number(count) === 0)
    throw usage(`'--every' needs a time such as 30s, 5m or 1h, not '${text}'`)
  return Number(count) * { s: 1000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h']
}
