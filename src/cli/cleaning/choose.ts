// `varve clean -i`: shows what would be removed, and asks what of it is meant.
import type { CleanOptions, CleanResult } from '../../api/files/cleaning.ts'
import type { Repository } from '../../index.ts'
import type { Context } from '../interface.ts'
import { fromRepositoryPath } from '../paths.ts'
import { Questions } from '../choosing/questions.ts'
import { visible } from '../visible.ts'

const choices = '[c]lean these, [f]ilter by pattern, [a]sk for each, [q]uit: '

export async function cleanChosen(
  context: Context,
  repo: Repository,
  options: CleanOptions,
): Promise<CleanResult> {
  const paths = await chosenPaths(context, repo, options)
  return paths.length === 0 ? { removed: [], kept: [] } : repo.clean({ ...options, paths, folders: true })
}

/** The paths that are to go; none where nothing is, or where somebody changed their mind. */
async function chosenPaths(
  { out, operation }: Context,
  repo: Repository,
  options: CleanOptions,
): Promise<readonly string[]> {
  let { removed: chosen } = await repo.clean({ ...options, dryRun: true })
  const shown = (path: string): string => visible(fromRepositoryPath(repo.root, path))
  const questions = new Questions(operation.signal)
  try {
    const exclude = [...(options.exclude ?? [])]
    while (chosen.length > 0) {
      for (const path of chosen) out.line(`would remove ${shown(path)}`)
      await out.flush()
      const answer = (await questions.ask(choices))?.toLowerCase()[0]
      if (answer === 'c') return chosen
      if (answer === 'a') return await askForEach(questions, chosen, shown)
      if (answer === 'q' || answer === undefined) return []
      if (answer !== 'f') continue
      const pattern = (await questions.ask('keep what this matches, as a line of .varveignore would: ')) ?? ''
      if (pattern === '') continue
      exclude.push(pattern)
      const { removed } = await repo.clean({ ...options, exclude, dryRun: true })
      chosen = removed.filter((path) =>
        chosen.some((one) => path === one || (one.endsWith('/') && path.startsWith(one))),
      )
    }
    return []
  } finally {
    questions.close()
  }
}

async function askForEach(
  questions: Questions,
  paths: readonly string[],
  shown: (path: string) => string,
): Promise<readonly string[]> {
  const chosen: string[] = []
  for (const path of paths) {
    const answer = await questions.ask(`remove ${shown(path)}? [y/N/q] `)
    if (answer === null || answer.toLowerCase().startsWith('q')) return []
    if (answer.toLowerCase().startsWith('y')) chosen.push(path)
  }
  return chosen
}
