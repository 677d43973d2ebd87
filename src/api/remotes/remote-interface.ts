// What the public API says of remotes: their addresses, what moved, how far a mirror is behind.
import type { OperationOptions } from '../interface.ts'
import type { MergeResult } from '../merge-interface.ts'

export interface RemoteInfo {
  readonly name: string
  readonly url: string
  /** Where push goes, if that is somewhere else or to several places. */
  readonly pushUrls?: readonly string[]
  /** Copies to fetch from when the first is down, or has lost or damaged objects. */
  readonly fallbacks?: readonly string[]
}

/** What a store that has nobody in front of it was found to do with conditional writes. */
export interface AddedRemote extends RemoteInfo {
  /**
   * 'kept': any number may push at once. 'ignored', 'rejected': two writers could lose each other's work. 'read-only':
   * it may not be written to with these credentials. null: it does not matter to this kind of remote.
   */
  readonly finding: 'kept' | 'ignored' | 'rejected' | 'read-only' | null
  /** Kept as `remote.NAME.conditional`; null: nothing is. */
  readonly conditional: 'yes' | 'no' | 'single-writer' | null
}

export interface FetchOptions extends OperationOptions {
  /** Remote branches that are gone there are removed. */
  readonly prune?: boolean
  /** Only these branches of the remote; default: all. */
  readonly branches?: readonly string[]
  /** Makes a shallow clone: so many commits in a row from each branch. */
  readonly depth?: number
  /** So many more. */
  readonly deepen?: number
  readonly unshallow?: boolean
}

export interface PushOptions extends OperationOptions {
  readonly force?: boolean
  /**
   * Branches that may lose commits there as long as they are what was last fetched ('main'), a commit ('main:1f2e…') or
   * not there ('main:'); true: all that are pushed, by what was last fetched.
   */
  readonly forceWithLease?: boolean | readonly string[]
  /** The remote's branch becomes the upstream of the local one. */
  readonly setUpstream?: boolean
  /** All branches; none may be named. */
  readonly all?: boolean
  /** Annotated tags of commits that are pushed too, where they are missing there. */
  readonly followTags?: boolean
  /** All tags too. */
  readonly tags?: boolean
  /** The notes about commits too. */
  readonly notes?: boolean
  /** Deletes the refs that are named. */
  readonly delete?: boolean
  /** Says what would move; nothing is sent, here and there nothing changes. */
  readonly dryRun?: boolean
}

export interface RefUpdate {
  /** Full name of the ref that moved. */
  readonly ref: string
  readonly before: string | null
  readonly after: string | null
  readonly forced: boolean
}

export interface TransferResult {
  readonly remote: string
  readonly url: string
  /** In a push to several places: the others, each with what moved there. */
  readonly copies?: readonly PushedCopy[]
  readonly updates: readonly RefUpdate[]
  readonly objects: number
  readonly bytes: number
}

export interface PushedCopy {
  readonly url: string
  readonly updates: readonly RefUpdate[]
  readonly objects: number
  readonly bytes: number
}

/** One look of a mirror at its source. */
export type MirrorEvent =
  | {
      /** 'in step': nothing had changed. */
      readonly kind: 'mirrored' | 'in step'
      readonly atMs: number
      /** How old the change was when it had been copied; 0 when there was none. */
      readonly lagMs: number
      readonly updates: readonly Omit<RefUpdate, 'forced'>[]
      /** Commits that the mirror lacked. */
      readonly commits: number
      readonly objects: number
      readonly bytes: number
    }
  | {
      readonly kind: 'unreachable'
      readonly atMs: number
      /** How long ago the mirror was last in step. */
      readonly lagMs: number
      readonly message: string
    }

export interface PullResult {
  readonly fetched: TransferResult
  readonly merged: MergeResult
}
