import { splitRevisionPath } from '../../history/revision.ts'
import type { Command, Context } from '../interface.ts'
import { pathInRevision, toRepositoryPath } from '../paths.ts'

export const command: Command = {
  usage: ['cat REV:PATH', 'cat PATH'],
  description: 'Prints a file or table as it was in REV (default: HEAD), byte for byte.',
  options: {},
  examples: [
    ['varve cat HEAD~1:people.csv', 'the file before the last commit'],
    ['varve cat v1:photo.png > old.png', 'any file'],
  ],
  json: '{ path: string; bytes: string (base64) }',
  run,
}

async function run({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(1, 1, 'REV:PATH')
  const repo = await repository()
  const { revision, path } = splitRevisionPath(given.words[0]!)
  const [from, file] =
    path === null
      ? ['HEAD', toRepositoryPath(repo.root, revision)]
      : [revision || 'HEAD', pathInRevision(repo.root, path)]
  await out.content(file, repo.cat(from, file, operation))
  return 0
}
