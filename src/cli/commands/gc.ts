import { counted, sizeText } from '../../base/size.ts'
import type { Command, Context } from '../interface.ts'

export const command: Command = {
  usage: ['gc [--dry-run] [--prune-now] [--aggressive] [--keep N] [--remote REMOTE]'],
  description:
    'Removes what no branch, tag, staged change or kept operation needs, and packs the rest. The last 1000 operations are\nkept for `varve undo` and the reflog. Replaced files stay for a day, so that slow readers and writers can end.\nCommands that write do some of it by themselves: when there are many small packs (`varve config gc.auto N`, default 50,\n0 for never) they put them together, and drop operations beyond the last 1000; they drop nothing else.\nWith --remote, in a remote that you may write to; on a Git host the history of its data ref is dropped as well, in an\nobject store small packs are put together, and uploads dropped that were begun a week ago and never ended.',
  options: {
    'dry-run': { type: 'flag', short: 'n', about: 'only say what would be removed' },
    'prune-now': {
      type: 'flag',
      about: 'remove replaced files at once: only when nobody else uses the repository',
    },
    remote: { type: 'text', value: 'REMOTE', about: 'in this remote, not here' },
    aggressive: {
      type: 'flag',
      about: 'pack all anew, smaller: takes several times as long, and room for a second copy meanwhile',
    },
    keep: { type: 'text', value: 'N', about: 'keep N operations instead of 1000' },
  },
  examples: [
    ['varve gc --dry-run', 'how much could be freed?'],
    ['varve gc --remote origin --keep 1', 'make a Git host forget what no branch needs'],
    ['varve gc --aggressive', 'a quarter less space, once in a while'],
    ['varve gc --keep 1 --prune-now', 'forget all that no ref needs, now'],
  ],
  json: '{ objectsKept: number; objectsDropped: number; bytesBefore: number; bytesAfter: number; packsBefore: number; packsAfter: number; filesRemoved: number }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(0, 0, '')
  const repo = await repository()
  const keep = given.number('keep')
  const dryRun = given.flag('dry-run')
  const remote = given.text('remote')
  const aggressive = given.flag('aggressive')
  given.exclusive('remote', 'aggressive')
  const wishes = {
    ...operation,
    dryRun,
    ...(aggressive ? { aggressive } : {}),
    ...(given.flag('prune-now') ? { graceMs: 0 } : {}),
    ...(keep === undefined ? {} : { manifestsKeptMax: keep }),
  }
  const report = await (remote === undefined ? repo.gc(wishes) : repo.gcRemote(remote, wishes))
  out.result(report, () => {
    const { objectsKept, objectsDropped, bytesBefore, bytesAfter, packsBefore, packsAfter } = report
    const parts = [
      `${counted(objectsKept, 'object')} kept, ${objectsDropped} ${dryRun ? 'would be dropped' : 'dropped'}`,
      `${sizeText(bytesBefore)} -> ${sizeText(bytesAfter)} in ${packsBefore === packsAfter ? '' : `${packsBefore} -> `}${counted(packsAfter, 'pack')}`,
      `${counted(report.filesRemoved, 'file')} removed`,
    ]
    const text = parts.join('; ')
    if (dryRun) out.line(text)
    else out.say(text)
  })
  return 0
}
