import type { NamedPath, OperationOptions } from '../../api/interface.ts'
import { collect } from '../../base/iterables.ts'
import type { Repository } from '../../index.ts'
import { type Arguments, usage } from '../arguments.ts'
import { splitRevisionPath } from '../../history/revision.ts'
import type { Command, Context } from '../interface.ts'
import { pathInRevision } from '../paths.ts'
import { toPathspecs } from '../pathspecs/pathspecs.ts'

export const command: Command = {
  usage: ['cat REV:PATH...', 'cat PATH...'],
  description:
    'Prints files and tables as they were in REV (default: HEAD), byte for byte, one after the other. PATH may be a\npattern.',
  options: {},
  examples: [
    ['varve cat HEAD~1:people.csv', 'the file before the last commit'],
    ["varve cat 'logs/*.txt'", 'all files that the pattern stands for'],
    ['varve cat v1:photo.png > old.png', 'any file'],
  ],
  json: '{ path: string; bytes: string (base64) }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(1, Number.POSITIVE_INFINITY, 'REV:PATH')
  const repo = await repository()
  const files = await namedFiles(given, repo, operation)
  if (out.json && files.length !== 1) throw usage("with '--json' it is one file that is printed")
  for (const { revision, path } of files) await out.content(path, repo.cat(revision, path, operation))
  return 0
}

interface NamedFile {
  readonly revision: string
  readonly path: string
}

/** Paths as they are typed, in that order; with a pattern among them all are of HEAD, in the order of their names. */
async function namedFiles(
  given: Arguments,
  repo: Repository,
  operation: OperationOptions,
): Promise<NamedFile[]> {
  const named = given.words.map((word): { revision: string; path: NamedPath } => {
    const { revision, path } = splitRevisionPath(word)
    return path !== null && !/^:[/!^(]/.test(word)
      ? { revision: revision || 'HEAD', path: pathInRevision(repo.root, path) }
      : { revision: 'HEAD', path: toPathspecs(given, repo.root, [word])[0]! }
  })
  const isFile = (one: { path: NamedPath }): one is NamedFile => typeof one.path === 'string'
  if (named.every(isFile)) return named
  if (named.some(({ revision }) => revision !== 'HEAD')) throw usage('patterns are of HEAD alone')
  const paths = named.map(({ path }) => path)
  const found = await collect(repo.list('HEAD', { ...operation, paths }))
  return found.map(({ path }) => ({ revision: 'HEAD', path }))
}
