// Commits, tags and the names that point at them: Git's model over Varve's objects.
import type { Cid, CommitCid } from '../encoding/cid.ts'

export interface Person {
  readonly name: string
  readonly email: string
}

/** A moment as Git keeps it: when, and in which zone the author was. */
export interface Signature extends Person {
  /** Milliseconds since 1970-01-01 UTC. */
  readonly timeMs: number
  /** Minutes east of UTC. */
  readonly zoneMinutes: number
}

export interface Commit {
  readonly cid: CommitCid
  /** Root of the path tree. */
  readonly tree: Cid
  readonly parents: readonly CommitCid[]
  readonly author: Signature
  readonly committer: Signature
  readonly message: string
  /** 1 + the largest of the parents' generations: an ancestor's is always smaller. */
  readonly generation: number
  /** Further facts kept with the commit (policy decisions, receipts, the Git commit it came from). Plain data. */
  readonly extra: Readonly<Record<string, unknown>>
  /** What a program made of all the rest with somebody's key, as it wrote it (signed.ts). Nothing says that it is good. */
  readonly signature?: string
}

/** An annotated tag. A lightweight tag is a ref to the commit itself. */
export interface Tag {
  readonly cid: Cid
  readonly target: CommitCid
  readonly name: string
  readonly tagger: Signature
  readonly message: string
  /** As of a commit. */
  readonly signature?: string
}
