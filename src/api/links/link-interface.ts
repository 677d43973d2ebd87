// Types of links with live systems, as the public API has them.
import type { OperationOptions } from '../interface.ts'
import type { LogStatus } from '../../connectors/change-log.ts'
import type { PassedOver } from '../../connectors/interface.ts'
import type { Receipt, SyncGuard, SyncPlan } from '../../sync/interface.ts'

export type {
  ColumnTransform,
  CursorLag,
  DeclaredTable,
  HttpAuth,
  HttpTable,
  InboxTable,
  LinkChanges,
  LinkMode,
  LinkSetting,
  Mask,
  TableCursor,
  TableTransform,
  WebhookSignature,
} from '../../dataset/interface.ts'
export type { ChangeLog, LogStatus } from '../../connectors/change-log.ts'
export type { ConnectorKit } from '../../connectors/kit.ts'
export type {
  Batch,
  KeyText,
  RowMessage,
  Sink,
  SinkKind,
  SinkOptions,
  SinkPosition,
} from '../../connectors/sink.ts'
export type { SinkKit } from '../../connectors/sink-kit.ts'
export type {
  Applied,
  ApplyPlan,
  Checkpoint,
  Connector,
  ConnectorKind,
  ConnectorOptions,
  EndpointColumn,
  EndpointSnapshot,
  EndpointTable,
  HeldBackRow,
  KnownTable,
  PassedOver,
  PlannedRows,
  RowChange as EndpointRowChange,
  RowCursor,
  RowsSince,
  Written,
} from '../../connectors/interface.ts'
export type { Cell, CellKind } from '../../table/interface.ts'
export type {
  CapturedTable,
  HeldBack,
  HeldRow,
  Link,
  LoggedReceipt,
  Receipt,
  RowCounts,
  SinceSync,
  SyncGuard,
  SyncPlan,
  TableReceipt,
  TableState,
  TooLarge,
} from '../../sync/interface.ts'

export type {
  DifferingRange,
  DifferingRow,
  LinkVerification,
  TableVerification,
  VerifyOptions,
} from '../../sync/verify/interface.ts'

export type { OperationOptions } from '../interface.ts'
export type { LinkTemplate, TemplateUse } from './link-templates.ts'
export type { PendingSync, Stop } from '../../sync/pending/interface.ts'

/** Of what waits for an endpoint. */
export type WaitOptions = Pick<OperationOptions, 'signal'>

export interface LinkSyncOptions extends OperationOptions {
  /** Reads both sides, says what would be done, and changes nothing. */
  readonly dryRun?: boolean
  /** Lets a round through that a guard would stop. */
  readonly allow?: readonly SyncGuard[]
  /** A pending commit (hex) to let through, and nothing beyond it. */
  readonly approve?: string
  /** Tries rows again that the endpoint has refused, though neither side has changed since. */
  readonly retry?: boolean
  /** In a dry run: gets what would change on either side. */
  readonly onPlan?: (plan: SyncPlan) => Promise<void>
  /** How often a fault that passes by itself is tried again, with growing pauses; default 3. */
  readonly retries?: number
}

export interface FollowLinkOptions extends OperationOptions {
  /** Every round, also one that did nothing. */
  readonly onRound?: (receipt: Receipt) => void
  /** How often an endpoint without a log is asked, in ms; default 5 s. */
  readonly pollMs?: number
  /** All tables are read and compared this often, in ms, whatever the log says; default once a day; 0: never. */
  readonly compareMs?: number
  /** The connection is lost, and is opened again after `waitMs`. */
  readonly onBroken?: (error: Error, waitMs: number) => void
}

export interface LinkTest {
  readonly location: string
  readonly identity: string
  /** A sink: it has no tables and no log that could be read. */
  readonly isOnlyWritten?: true
  /** A sink that stores how far it was told, and so refuses a second repository that does not know of it. */
  readonly keepsRecord?: true
  readonly log: {
    /** Why the endpoint's log of changes cannot be read for this link; null when it can. */
    readonly obstacle: string | null
    /** What the endpoint keeps of its log for this link; null when nothing. */
    readonly kept: LogStatus | null
  }
  readonly tables: readonly {
    readonly name: string
    /** Why it cannot be read now. */
    readonly trouble?: string
    readonly key: readonly string[]
    readonly columns: readonly { readonly name: string; readonly type: string; readonly nativeType: string }[]
  }[]
  /** What is there, may hold data, and is none of its tables; absent where there is no such thing. */
  readonly passedOver?: readonly PassedOver[]
}
