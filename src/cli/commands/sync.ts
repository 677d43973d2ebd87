import { syncWords } from '../../dataset/link-name.ts'
import { usage } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'
import type { Receiver } from '../../connectors/webhook/receiver.ts'
import { type SyncGuard, keepHeapSmall } from '../../index.ts'
import { decisions } from '../sync/decisions.ts'
import { dryRounds } from '../sync/dry-run.ts'
import { runRounds } from '../sync/every.ts'
import { openListener } from '../sync/listening.ts'
import { collectingInLargeRounds } from '../sync/large-round.ts'
import { showMetrics } from '../sync/metrics.ts'
import { chosenLinks, report, reports } from '../sync/reports.ts'
import { followLinks } from '../sync/follow.ts'

const guards: readonly SyncGuard[] = ['deletes', 'identity', 'restored', 'schema']

export const command: Command = {
  usage: [
    'sync [NAME...] [--dry-run] [--allow GUARD...] [--every TIME [--metrics HOST:PORT]]',
    'sync [NAME...] --listen [ADDRESS:]PORT [--every TIME] [--metrics HOST:PORT]',
    'sync [NAME...] --follow [--compare-every TIME] [--metrics HOST:PORT]',
    'sync status [NAME]',
    'sync conflicts [NAME]',
    'sync rejected [NAME]',
    'sync retry NAME',
    'sync resolve NAME --ours|--theirs [TABLE [KEY]]',
    'sync pending [NAME]',
    'sync approve NAME [COMMIT]',
    'sync discard NAME',
  ],
  description:
    "Brings linked tables in step with their live systems, as 'varve link' declares them: the endpoint's\nchanges are merged into the branch, and the branch's changes are written to the endpoint in one\ntransaction.\n\nA row is held back if both sides changed it, if another writer changed it during the round, if the\nendpoint refuses it, or if it is too large to be kept here. It stays as it is on both sides and is\nlooked at again in each round, while all other rows go through. A refused row is tried again when\nanything has changed, or by 'retry'.\n\nIf many rows vanish, a table has changed its shape, or the endpoint is another database or was\nrestored to an earlier state, the changes wait as a commit: 'approve' lets exactly these through,\n'discard' undoes them on the side that made them.",
  options: {
    'dry-run': {
      type: 'flag',
      short: 'n',
      about: 'read both sides, show the rows that would change on each, change nothing',
    },
    allow: {
      type: 'list',
      value: 'GUARD',
      choices: guards,
      about:
        "let everything through that this guard would stop: 'deletes', 'identity', 'restored' or 'schema'",
    },
    ours: {
      type: 'flag',
      about: "with resolve: the next round writes the branch's rows over the endpoint's",
    },
    theirs: { type: 'flag', about: "with resolve: the branch takes the endpoint's rows" },
    follow: {
      type: 'flag',
      about:
        "keep running: the endpoint's changes as they appear in its log, the branch's as they are committed",
    },
    'compare-every': {
      type: 'text',
      value: 'TIME',
      about: 'with --follow: read and compare all tables this often, whatever the log says (default: 24h)',
    },
    every: {
      type: 'text',
      value: 'TIME',
      about: 'keep running, with a round every TIME: 30s, 5m, 1h; wait for an endpoint that is down',
    },
    listen: {
      type: 'text',
      value: '[ADDRESS:]PORT',
      about:
        'keep running, with a round of the link NAME for each signed webhook sent to /NAME; an inbox stores its content',
    },
    metrics: {
      type: 'text',
      value: 'HOST:PORT',
      about: 'with --every, --listen and --follow: metrics for Prometheus, at http://HOST:PORT/metrics',
    },
    'metrics-anywhere': { type: 'flag', about: 'allow an address for them that other machines can reach' },
  },
  examples: [
    ['varve sync shop --dry-run', 'see which rows would change on either side'],
    ['varve sync', 'run a round of every link'],
    ['varve sync shop --every 5m', 'a round every five minutes, until Ctrl-C'],
    ['varve sync shop --follow', 'until Ctrl-C, each change within a moment'],
    ['varve sync --every 30s --metrics 127.0.0.1:9464', 'every 30 seconds, watched by Prometheus'],
    ['varve sync crm --listen 8080 --every 1h', 'when a webhook arrives, and every hour'],
    ['varve sync conflicts', 'see which rows both sides changed'],
    ['varve sync resolve shop --theirs people 7', "take the endpoint's row"],
    [
      'varve sync resolve shop --theirs people',
      'and the whole table, if both sides changed its columns in ways that exclude each other',
    ],
    ['varve sync resolve shop --theirs orders 7', 'give up a change that the endpoint refuses'],
    ['varve sync resolve crm --ours people', 'give up items that cannot become rows'],
    ['varve sync rejected', 'see which rows the endpoint refuses or cannot be kept here, and why'],
    ['varve sync pending', 'see what a guard has stopped'],
    ['varve sync approve shop', 'let that through'],
  ],
  json: '{ items: Receipt[] }; Receipt = { link: string; mode: string; dryRun: boolean; startedMs: number; finishedMs: number; tables: TableReceipt[]; heldBack: HeldBack[]; commit: string | null; pending: string | null; notes: string[] }; HeldBack = { table: string; path: string; key: string; keyHex: string; keyHexThere?: string; reason: "conflict" | "changed" | "rejected" | "schema" | "guard"; message: string; isClash?: true; isTable?: true; isEndpoint?: true; rights?: string; tooLarge?: { columns: string[]; bytes: number; bytesMax: number } }; with --dry-run each Receipt has incoming: FileDiff[] and outgoing: FileDiff[] too, as diff prints them; with --every, --listen and --follow one such document a line and round; status: Receipt also has since: { isCut: boolean; changed: string[] }; conflicts and rejected: HeldBack of rows also has keyColumns: string[]; base: Row | null; branch: Row | null; endpoint: Row | null; resolve: { items: HeldBack[] }; pending: { items: PendingSync[] }, discard: PendingSync = { link: string; commit: string; sinceMs: number; stops: { guard: string; side: string; table: string; path: string; message: string }[] }',
  run,
}

/** What options the forms have that begin with a word of their own. */
const forms: ReadonlyMap<string, readonly string[]> = new Map(
  syncWords.map((word) => [word, word === 'resolve' ? ['ours', 'theirs'] : []]),
)

async function run(context: Context): Promise<number> {
  const { arguments: given } = context
  const [word = ''] = given.words
  const options = forms.get(word)
  if (options === undefined) return rounds(context)
  given.only(`sync ${word}`, options)
  if (reports.includes(word)) return report(context, word)
  return decisions[word]!(context)
}

async function rounds(context: Context): Promise<number> {
  const { arguments: given, operation, repository } = context
  for (const side of ['ours', 'theirs'])
    if (given.flag(side)) throw usage(`'--${side}' needs 'varve sync resolve NAME'`)
  const goesOn = ['follow', 'every', 'listen'].some((name) => given.has(name))
  if (given.has('metrics') && !goesOn) throw usage("'--metrics' needs '--every', '--listen' or '--follow'")
  if (given.has('compare-every') && !given.flag('follow')) throw usage("'--compare-every' needs '--follow'")
  given.exclusive('every', 'follow')
  given.exclusive('listen', 'follow')
  for (const one of ['follow', 'every', 'listen']) given.exclusive('dry-run', one)
  const everyMs = periodOf(given, 'every')
  const compareMs = periodOf(given, 'compare-every')
  const allow = given.list('allow').flatMap((list) => list.split(','))
  const unknown = allow.find((guard) => !(guards as readonly string[]).includes(guard))
  if (unknown !== undefined) throw usage(`'${unknown}' is not a guard: ${guards.join(', ')}`)
  const repo = await repository({ commits: true })
  const links = await chosenLinks(repo, given.words, syncWords)
  if (goesOn) keepHeapSmall()
  const onProgress = goesOn ? operation.onProgress : collectingInLargeRounds(operation.onProgress)
  const options = { ...operation, onProgress, dryRun: given.flag('dry-run'), allow: allow as SyncGuard[] }
  if (options.dryRun) return dryRounds(context, repo, links, options)
  const metrics = await showMetrics(context, links)
  const { watcher } = metrics
  let receiver: Receiver | null = null
  try {
    receiver = await openListener(context, links)
    return given.flag('follow')
      ? await followLinks(context, repo, { links, compareMs, watcher })
      : await runRounds(context, repo, { links, options, everyMs, receiver, watcher })
  } finally {
    await receiver?.close()
    await metrics.close()
  }
}

function periodOf(given: Context['arguments'], option: string): number | null {
  const text = given.text(option)
  if (text === undefined) return null
  const [, count, unit] = /^(\d{1,6})(s|m|h)$/.exec(text) ?? []
  if (count === undefined || Number(count) === 0)
    throw usage(`'--${option}' needs a time such as 30s, 5m or 1h, not '${text}'`)
  return Number(count) * { s: 1000, m: 60_000, h: 3_600_000 }[unit as 's' | 'm' | 'h']
}
