import type { ListEntry } from '../../api/interface.ts'
import { counted, sizeText } from '../../base/size.ts'
import type { NamedPath } from '../../files/pathspec.ts'
import { splitRevisionPath } from '../../history/revision.ts'
import type { Repository } from '../../index.ts'
import type { Arguments } from '../arguments.ts'
import type { Command, Context } from '../interface.ts'
import { pathInRevision, revisionsAndPaths } from '../paths.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'
import { padded, visible } from '../visible.ts'

export const command: Command = {
  usage: ['ls [-l] [REV] [PATH...]', 'ls [-l] REV:PATH'],
  description:
    'Lists the files and tables of REV (default: HEAD), or those below PATHs, which may\nbe patterns.',
  options: {
    long: { type: 'flag', short: 'l', about: 'with kind, size or number of rows, and id' },
  },
  examples: [
    ['varve ls -l', 'what the last commit holds'],
    ['varve ls v1 tables', 'what v1 held in one folder'],
    ["varve ls v1 '*.csv' ':!old'", 'its CSV files, but for those in one folder'],
  ],
  json: "{ items: { path: string; kind: 'file' | 'table' | 'symlink'; executable: boolean; size: number; id: string }[] }",
  pages: () => true,
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  const repo = await repository()
  const { revision, paths } = await namedEntries(given, repo)
  const entries = repo.list(revision, { ...operation, ...(paths.length === 0 ? {} : { paths }) })
  const print = given.flag('long') ? longLine : (entry: ListEntry): string => visible(entry.path)
  await out.items(entries, (entry) => out.line(print(entry)))
  return 0
}

async function namedEntries(
  given: Arguments,
  repo: Repository,
): Promise<{ revision: string; paths: readonly NamedPath[] }> {
  const [word = ''] = given.words
  const named = splitRevisionPath(word)
  if (named.path !== null && given.words.length === 1 && !word.startsWith(':'))
    return { revision: named.revision || 'HEAD', paths: [pathInRevision(repo.root, named.path) || '.'] }
  const { revisions, paths } = await revisionsAndPaths(repo, given, 1)
  return { revision: revisions[0] ?? 'HEAD', paths: toPathspecs(given, repo.root, paths) }
}

function longLine({ path, kind, size, id, executable }: ListEntry): string {
  const amount = kind === 'table' ? counted(size, 'row') : sizeText(size)
  return `${padded(executable ? 'program' : kind, 8)}${amount.padStart(12)}  ${id.slice(-12)}  ${visible(path)}`
}
