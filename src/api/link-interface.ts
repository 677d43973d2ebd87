// Types of links with live systems, as the public API has them.
import type { OperationOptions } from './interface.ts'
import type { SyncGuard } from '../sync/interface.ts'

export type { ColumnTransform, LinkMode, LinkSetting, Mask, TableTransform } from '../dataset/interface.ts'
export type {
  CapturedTable,
  HeldBack,
  Link,
  LoggedReceipt,
  Receipt,
  RowCounts,
  SyncGuard,
  TableReceipt,
  TableState,
} from '../sync/interface.ts'

export type {
  DifferingRange,
  DifferingRow,
  LinkVerification,
  TableVerification,
  VerifyOptions,
} from '../sync/verify/interface.ts'

export interface LinkSyncOptions extends OperationOptions {
  /** Reads both sides, says what would be done, and changes nothing. */
  readonly dryRun?: boolean
  /** Lets a round through that a guard would stop. */
  readonly allow?: readonly SyncGuard[]
}

export interface LinkTest {
  readonly location: string
  readonly identity: string
  readonly tables: readonly {
    readonly name: string
    readonly key: readonly string[]
    readonly columns: readonly { readonly name: string; readonly type: string; readonly nativeType: string }[]
  }[]
}
