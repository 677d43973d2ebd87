import type { ListEntry } from '../../api/interface.ts'
import { counted, sizeText } from '../../base/size.ts'
import { splitRevisionPath } from '../../history/revision.ts'
import type { Command, Context } from '../interface.ts'
import { pathInRevision, revisionsAndPaths, toRepositoryPath } from '../paths.ts'
import { padded, visible } from '../visible.ts'

export const command: Command = {
  usage: ['ls [-l] [REV] [PATH]', 'ls [-l] REV:PATH'],
  description: 'Lists the files and tables of REV (default: HEAD), or those below PATH.',
  options: {
    long: { type: 'flag', short: 'l', about: 'with kind, size or number of rows, and id' },
  },
  examples: [
    ['varve ls -l', 'what the last commit holds'],
    ['varve ls v1 tables', 'what v1 held in one folder'],
  ],
  json: "{ items: { path: string; kind: 'file' | 'table' | 'symlink'; executable: boolean; size: number; id: string }[] }",
  pages: () => true,
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(0, 2, 'REV and PATH')
  const repo = await repository()
  let revision = 'HEAD'
  let path: string | undefined
  const named = splitRevisionPath(given.words[0] ?? '')
  if (named.path !== null && given.words.length === 1) {
    revision = named.revision || 'HEAD'
    path = pathInRevision(repo.root, named.path)
  } else {
    const { revisions, paths } = await revisionsAndPaths(repo, given, 1)
    given.expectWords(0, revisions.length + 1, 'PATH')
    revision = revisions[0] ?? 'HEAD'
    if (paths[0] !== undefined) path = toRepositoryPath(repo.root, paths[0])
  }
  const entries = repo.list(revision, {
    ...operation,
    ...(path === undefined || path === '.' ? {} : { path }),
  })
  const print = given.flag('long') ? longLine : (entry: ListEntry): string => visible(entry.path)
  await out.items(entries, (entry) => out.line(print(entry)))
  return 0
}

function longLine({ path, kind, size, id, executable }: ListEntry): string {
  const amount = kind === 'table' ? counted(size, 'row') : sizeText(size)
  return `${padded(executable ? 'program' : kind, 8)}${amount.padStart(12)}  ${id.slice(-12)}  ${visible(path)}`
}
