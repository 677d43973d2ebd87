// The message of a merge, pick or rebase step that goes on, its conflicts being resolved.
import type { Repository } from '../../index.ts'
import type { Context } from '../interface.ts'
import { aboutCommit } from './about-commit.ts'
import { type MessageEditor, commitFile } from './draft.ts'

/** As given, where there is nothing that a message could be written for: what goes on refuses it. */
export async function continuedMessage(
  context: Context,
  repo: Repository,
  { message, editor }: { readonly message: string | undefined; readonly editor: MessageEditor },
): Promise<string | undefined> {
  const status = await repo.status(context.operation)
  if (status.merging?.waits !== true || status.merging.conflicts > 0) return message
  await repo.committer()
  const proposed = message ?? status.merging.message
  const about = await aboutCommit(context, repo, { all: false, amended: null }, status)
  return editor.write({ file: commitFile, proposed, about })
}
