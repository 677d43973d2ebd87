// A place with files that hold tables, wherever it is: what the connector above needs of it, and no more. A place has no
// transactions: a file is replaced as a whole or not at all, if it still is what was read, and one file after the other.
import type { EndpointTable, PassedOver } from '../interface.ts'

export interface FilePlace {
  /** For messages. */
  readonly location: string
  /** A text that is the same as long as the place is the same. */
  identity(): Promise<string>
  /** Files whose names say that they hold a table; none that is hidden or not yet complete. */
  list(): Promise<readonly ListedFile[]>
  /** Files that may hold data, and are none of these, as they were last listed. */
  readonly passedOver: readonly PassedOver[]
  /**
   * One state of a file, which does not change under its reader: as it was listed, where that is cheaper, or as it is now.
   * @throws VarveError with `waits`: see waiting.ts
   */
  open(path: string, when: 'listed' | 'now'): Promise<OpenedFile>
  /** As that of an `OpenedFile`, where it is had without opening the file; null: it has to be opened. */
  version?(path: string): Promise<string | null>
  /** Makes ready what shall stand at `path` in place of `over` (null: of nothing), on the disk, and touches nothing yet. */
  stage(
    path: string,
    bytes: AsyncIterable<Uint8Array>,
    over: OpenedFile | null,
    owner: string,
  ): Promise<StagedFile>
  /**
   * Why no other state of a file can stand at `path`, which need not be there yet: 'may not be written'. Null where it can,
   * absent where the place tells only who tries.
   */
  readOnly?(path: string): Promise<string | null>
  /** Removes the files that `owner` has staged; they can no longer be put. */
  clearStaged(owner: string): Promise<void>
  readState(): Promise<PlaceState>
  /** Returns false, and writes nothing, when the state is no longer what `over` says. */
  writeState(text: string, over: PlaceState): Promise<boolean>
  /** Resolves when a file may have changed, and when `signal` aborts; absent if the place does not announce changes. */
  changed?(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface ListedFile {
  /** 'people.csv', 'orders/2026-01.csv' */
  readonly path: string
  /** Why it cannot be read: 'is a symbolic link'. */
  readonly trouble?: string
}

export interface OpenedFile {
  readonly path: string
  readonly bytesLength: number
  /** Whether `bytes` gives none. @throws as it does */
  isEmpty(): Promise<boolean>
  /** Another one for other bytes, as far as the place tells. */
  readonly version: string
  /** When it was written, where copies keep that time. */
  readonly writtenNs?: bigint | undefined
  /** The same version is proof of the same bytes. */
  readonly isProof: boolean
  /**
   * All bytes, as often as they are asked for: views, each good until the next is asked for.
   * @throws VarveError with `waits` when they were not those of one state
   */
  bytes(signal?: AbortSignal): AsyncIterable<Uint8Array>
  /** Digest of the bytes that were last read whole. */
  digest(): Promise<string>
  close(): Promise<void>
}

export interface StagedFile {
  /** Whether what it is to replace is still what was read. */
  isCurrent(): Promise<boolean>
  /** Durable when it resolves. @throws VarveError with `passing` when something else stands there now */
  put(): Promise<void>
  drop(): Promise<void>
}

/** A small text that is kept with the files. */
export interface PlaceState {
  readonly text: string | null
  readonly version: string | null
}

/** A table, and the files that it is made of, by name. None: it is to be made. */
export interface FilesTable extends EndpointTable {
  readonly files: readonly string[]
}
