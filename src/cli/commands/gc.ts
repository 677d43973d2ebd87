import { counted, sizeText } from '../../base/size.ts'
import type { Command, Context } from '../interface.ts'

export const command: Command = {
  usage: ['gc [--dry-run] [--prune-now] [--aggressive] [--keep N] [--remote REMOTE]'],
  description:
    'Removes what no branch, tag, staged change or kept operation needs, and packs the rest. The last\n1000 operations are kept for `varve undo` and the reflog. Replaced files stay for a day, so that\nslow readers and writers can finish.\n\nCommands that write do some of this by themselves: if there are many small packs (`varve config\ngc.auto N`, default 50, 0 for never), they join them, and they drop operations beyond the last 1000.\nThey drop nothing else.\n\nWith --remote it does this in a remote to which you may write. On a Git host it also drops the\nhistory of the data ref. In an object store it joins small packs, and aborts uploads that were begun\na week ago and never completed.',
  options: {
    'dry-run': { type: 'flag', short: 'n', about: 'only show what would be removed' },
    'prune-now': {
      type: 'flag',
      about: 'remove replaced files at once; use it only when nobody else uses the repository',
    },
    remote: { type: 'text', value: 'REMOTE', about: 'clean up this remote instead' },
    aggressive: {
      type: 'flag',
      about: 'pack everything anew, smaller: takes several times as long, and needs room for a second copy',
    },
    keep: { type: 'text', value: 'N', about: 'keep N operations instead of 1000' },
  },
  examples: [
    ['varve gc --dry-run', 'see how much could be freed'],
    ['varve gc --remote origin --keep 1', 'remove from a Git host what no branch needs'],
    ['varve gc --aggressive', 'save a quarter of the space, once in a while'],
    ['varve gc --keep 1 --prune-now', 'remove everything that no ref needs, now'],
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
