import type { MirrorEvent, RefUpdate } from '../../api/interface.ts'
import { type Arguments, usage } from '../arguments.ts'
import { shortId } from '../format/commit.ts'
import { counted, sizeText } from '../../base/size.ts'
import type { Command, Context } from '../interface.ts'
import { toJson } from '../../table/json.ts'
import type { Output } from '../output.ts'
import { durationText } from '../pace.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['mirror [--allow-deletions N|all] SOURCE DEST', 'mirror --follow [--every TIME] SOURCE DEST'],
  description:
    'Gives DEST exactly the branches, tags and notes of SOURCE, deletions included, all in one step. Both are\nURLs or names of remotes. With --follow it continues until Ctrl-C, and shows how far DEST was\nbehind. A round is refused if it would delete more than half of the refs (and more than three), or\nall of them because SOURCE is empty.',
  options: {
    follow: {
      type: 'flag',
      short: 'f',
      about: 'keep looking for changes; try again if a side cannot be reached',
    },
    every: {
      type: 'text',
      value: 'TIME',
      about: 'how often to look for changes: 10s (default), 500ms, 5m, 1h',
    },
    'allow-deletions': { type: 'text', value: 'N|all', about: 'allow a round to delete N refs' },
  },
  examples: [
    ['varve mirror /srv/data/prices /mnt/backup/prices', 'once, for a backup'],
    ['varve mirror --follow --every 1m origin /mnt/backup/prices', 'from now on'],
    ['varve mirror --follow --json origin backup', 'JSON lines for a program that watches the lag'],
  ],
  json: "{ kind: 'mirrored' | 'in step'; atMs: number; lagMs: number; updates: { ref: string; before: string | null; after: string | null }[]; commits: number; objects: number; bytes: number } | { kind: 'unreachable'; atMs: number; lagMs: number; message: string }, with --follow one a line",
  run,
}

async function run({ arguments: given, out, environment, operation }: Context): Promise<number> {
  given.expectWords(2, 2, 'SOURCE and DEST')
  const follow = given.flag('follow')
  if (!follow && given.text('every') !== undefined) throw usage("'--every' needs '--follow'")
  const { mirror } = await import('../../api/remotes/mirror.ts')
  const events = mirror(given.words[0]!, given.words[1]!, {
    ...operation,
    environment,
    onWarning: (message) => out.warn(visible(message)),
    follow,
    ...everyOf(given),
    ...deletionsOf(given),
  })
  for await (const event of events) {
    if (out.json) out.raw(`${toJson(event)}\n`)
    else print(out, event, follow)
    await out.flush()
  }
  return 0
}

function print(out: Output, event: MirrorEvent, follow: boolean): void {
  const time = follow ? `${new Date(event.atMs).toISOString().slice(0, 19)}Z ` : ''
  if (event.kind === 'unreachable') {
    out.say(`${time}${visible(event.message)}; last in step ${lagText(event.lagMs)} ago`)
  } else if (event.kind === 'mirrored') {
    const { commits, objects, bytes } = event
    const refs = counted(event.updates.length, 'ref')
    const moved = `${refs}, ${counted(commits, 'commit')}, ${counted(objects, 'object')} (${sizeText(bytes)})`
    const lag = follow ? `, ${lagText(event.lagMs)} behind` : ''
    out.say(`${time}mirrored ${moved}${lag}`)
    if (!follow || out.verbose) for (const update of event.updates) out.say(refLine(update))
  } else if (!follow || out.verbose) out.say(`${time}in step`)
}

function refLine({ ref, before, after }: Omit<RefUpdate, 'forced'>): string {
  const name = visible(ref.replace(/^refs\/(heads|tags)\//, ''))
  if (after === null) return `  - deleted ${name}`
  return before === null
    ? `  * new ${name} ${shortId(after)}`
    : `  ${name} ${shortId(before)}..${shortId(after)}`
}

function lagText(ms: number): string {
  return ms < 1000 ? `${ms} ms` : durationText(Math.round(ms / 1000))
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

function everyOf(given: Arguments): { everyMs?: number } {
  const text = given.text('every')
  if (text === undefined) return {}
  const [, number, unit = 's'] = /^(\d{1,9})(ms|s|m|h)?$/.exec(text) ?? []
  const everyMs = Number(number) * unitMs[unit]!
  if (number === undefined || everyMs < 100 || everyMs > 24 * 3_600_000)
    throw usage(`'--every' needs a time from 100ms to 24h, not '${text}'`)
  return { everyMs }
}

function deletionsOf(given: Arguments): { allowDeletions?: number | 'all' } {
  const text = given.text('allow-deletions')
  if (text === undefined) return {}
  if (text === 'all') return { allowDeletions: 'all' }
  return { allowDeletions: given.number('allow-deletions')! }
}
