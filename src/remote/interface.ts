// Remotes: other stores that hold the same history. A transport opens one by its URL, and what it opens is a `Store`
// like the local one, so push, fetch and clone are one algorithm over two stores whatever lies between them. The
// promise on both sides: a ref moves last, by compare-and-set, and only when all that it reaches is there.
import type { Cid } from '../encoding/cid.ts'
import type { ReadOptions, Store } from '../store/interface.ts'

/** Opens the remotes of some kinds of URL. */
export interface Transport {
  /** For messages: 'a local directory'. */
  readonly name: string
  accepts(url: string): boolean
  /** Whether `url` is a path that means something else in another folder. */
  isLocal(url: string): boolean
  /** @throws VarveError VARVE_UNREACHABLE */
  open(url: string, options: OpenRemoteOptions): Promise<Store>
  /** Asks a store that has nobody in front of it what it does with conditional writes; absent where none are needed. */
  probe?(url: string, options: OpenRemoteOptions): Promise<ProbeFinding>
}

/**
 * 'kept': of several writers that create one file one wins, so any number may push. 'ignored': a second creation replaces
 * the first. 'rejected': the store knows no conditions. 'read-only': it may not be written to.
 */
export type ProbeFinding = 'kept' | 'ignored' | 'rejected' | 'read-only'

/** What is remembered of it, as `remote.NAME.conditional`; 'single-writer': the user vouches for being alone. */
export type Conditional = 'yes' | 'no' | 'single-writer'

export interface OpenRemoteOptions {
  /** Makes an empty bare store where there is nothing yet: the first push does. */
  readonly create?: boolean
  /** Of a server: asks whether it would make one. Where it would, the error says `isAbsent`. */
  readonly askCreate?: boolean
  /** Folder that relative paths start from; the process's own when absent. */
  readonly base?: string | undefined
  /**
   * Folder for what may be lost: indexes of remotes that were read, packs on their way. In the local repository's own
   * folder; absent, a temporary one is made and removed.
   */
  readonly cacheDir?: string | undefined
  /** Variables of the caller's environment, where credentials are looked for. The library itself never reads it. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  /** What is known of the store's conditional writes; absent: it is asked before the first write, where that matters. */
  readonly conditional?: Conditional | undefined
  readonly onProgress?: ((progress: RemoteProgress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** What is fetched from: a store, as far as it is read; or several copies of one. */
export interface Source extends Pick<
  Store,
  'get' | 'has' | 'getStored' | 'wholePacks' | 'manifest' | 'manifests' | 'location' | 'close'
> {
  /** Its refs come from a copy that may be older than the remote itself. */
  readonly mayLag?: boolean
  /** Once more an object that came damaged, from whoever has it right. */
  mend?(cid: Cid, options?: ReadOptions): Promise<Uint8Array>
}

export interface RemoteProgress {
  readonly phase: string
  readonly done: number
  /** 0: not known before the end. */
  readonly total: number
  readonly unit: 'objects' | 'commits' | 'bytes'
  /** What has come over so far, packed, where `unit` counts something else. */
  readonly bytes?: number
}

export interface TransferOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: RemoteProgress) => void) | undefined
}

/** A ref that moved, on the receiving side. */
export interface RefUpdate {
  readonly ref: string
  readonly before: Cid | null
  readonly after: Cid | null
  /** `after` does not descend from `before`. */
  readonly forced: boolean
}

export interface TransferReport {
  readonly updates: readonly RefUpdate[]
  readonly objects: number
  /** As they travelled: packed. */
  readonly bytes: number
}

export interface RemoteEntry {
  readonly name: string
  readonly url: string
  /** Where push goes, if that is somewhere else or to several places. */
  readonly pushUrls?: readonly string[]
  /** Copies to fetch from when the first is down or damaged. */
  readonly fallbacks?: readonly string[]
}
