// Commits that a link makes, signed by it: the endpoint as it was read, a base that both sides share, a receipt.
import type { Cid } from '../encoding/cid.ts'
import { nextGeneration, writeCommit } from '../history/commit.ts'
import type { Commit, Signature } from '../history/interface.ts'
import type { Io } from '../repo/interface.ts'
import type { Round } from './round.ts'

export interface LinkCommit {
  readonly tree: Cid
  readonly parents: readonly Cid[]
  readonly message: string
  /** Its generation, when the caller knows those of its parents; else they are read. */
  readonly generation?: number
  /** When what the commit records was done, in ms since 1970. Default: now. */
  readonly authoredMs?: number
  /** Plain data for dag-cbor. */
  readonly extra?: Readonly<Record<string, unknown>>
}

const written = 'Written to '

/** The message of a commit that shows the endpoint after a write; its first parent shows it before. */
export function writtenMessage(endpoint: string): string {
  return written + endpoint
}

export function isOfWrite({ message }: Pick<Commit, 'message'>): boolean {
  return message.startsWith(written)
}

/** Whether the link has made it. */
export function isMadeBy({ committer }: Pick<Commit, 'committer'>, link: string): boolean {
  return committer.email === emailOf(link)
}

function emailOf(link: string): string {
  return `${link}@link.varve`
}

export async function linkCommit(
  { repo, link }: Pick<Round, 'repo' | 'link'>,
  io: Io,
  { tree, parents, message, generation, authoredMs, extra = {} }: LinkCommit,
): Promise<Cid> {
  const signature: Signature = { name: `link ${link.name}`, email: emailOf(link.name), ...repo.now() }
  return writeCommit(io.writer, {
    tree,
    parents,
    author: { ...signature, timeMs: authoredMs ?? signature.timeMs },
    committer: signature,
    message,
    generation: generation ?? (await nextGeneration(io.writer, parents)),
    extra,
  })
}
