// The public API. Everything a program needs is exported here by name; what is not exported may change at any time.
export { VarveError, exitCodes, isVarveError, type ErrorCode, type ErrorFacts } from './base/errors.ts'
export type { CleanOptions, CleanResult } from './api/files/cleaning.ts'
export type { CommitOptions, CommitPreview } from './api/files/committing.ts'
export { diffFiles, type DiffFilesOptions } from './api/diff-files.ts'
export { DataRepository } from './api/data-repository.ts'
export { pathspec } from './files/pathspec.ts'
export { Repository } from './api/repository.ts'
export type { CloneOptions } from './api/remotes/clone-place.ts'
export type { InitOptions } from './api/place.ts'
export { readBundle, verifyBundle } from './api/remotes/bundles.ts'
export type { BundleInfo, BundleVerdict, CreateBundleOptions } from './api/remotes/bundles.ts'
export type { ImportCarOptions, ImportCarResult } from './api/remotes/cars.ts'
export type {
  Bisect,
  BisectInfo,
  BisectResult,
  BisectTerms,
  FirstBad,
  FirstBadOptions,
  Verdict,
} from './api/bisect.ts'
export type { NoteInfo, Notes } from './api/notes/notes.ts'
export type { NoteOptions } from './repo/notes/change-notes.ts'
export type { NoteReader } from './repo/notes/notes.ts'
export type { NotesMerge, NotesMergeOptions } from './repo/notes/merge-notes.ts'
export type { StashInfo, StashPushOptions, Stashes } from './api/stash.ts'
export type { Worktrees } from './api/worktrees/worktrees.ts'
export type { WorktreeAddOptions, WorktreeInfo } from './api/worktrees/interface.ts'
export type { SwitchOptions, SwitchResult } from './api/switch.ts'
export { mirror, type MirrorOptions } from './api/remotes/mirror.ts'
export { keepHeapSmall } from './api/links/small-heap.ts'
export type * from './api/tables/data.ts'
export type { ExchangeFormat, ExportOptions } from './api/tables/export-table.ts'
export type { ImportOptions } from './api/tables/import-table.ts'
export type * from './api/interface.ts'
export type { AddOptions, AddResult } from './api/files/adding.ts'
export type { ChosenOptions } from './api/files/chosen-options.ts'
export type * from './api/links/link-interface.ts'
export type {
  Derivation,
  DeriveOptions,
  DeriveReport,
  DerivedFrom,
  DerivedTable,
  FunctionDeclaration,
  FunctionDerivation,
  FunctionModule,
  GroupDerivation,
  RowGroup,
} from './derive/interface.ts'
export type { QueriedTable, QueryColumn, QueryOptions, QueryResult } from './query/interface.ts'
export type { RuleCheckOptions } from './api/checks.ts'
export type { DerivationInput, DerivedType, RuleLevel } from './dataset/interface.ts'
export type { BrokenRule, CheckReport, CheckedTable, RuleName, Violation } from './rules/interface.ts'
export type * from './api/policy-interface.ts'
export type * from './api/row-history.ts'
export { MemoryStore } from './store/memory.ts'
export { DiskStore } from './store/disk/store.ts'
export type { RepairOptions, RepairReport } from './api/repair.ts'
export type { Loss } from './repo/fsck/losses.ts'
export type { FsckProblem, FsckReport, GcReport, Operation, Store } from './store/interface.ts'
export type {
  SignatureCheck,
  SignatureCode,
  SignatureFormat,
  SigningSettings,
  Trust,
} from './signing/interface.ts'
export type { Mailmap } from './history/mailmap.ts'
export type { Person, Signature } from './history/interface.ts'
export type { PolicyCount, PolicyDecision } from './merge/policies/decisions.ts'
export { diffDocument, type DocumentLines } from './documents/diff-document.ts'
export type { DocumentValues } from './documents/diff-values.ts'
export type { ValueChange } from './documents/structure/diff-values.ts'
export type { DocumentDiff, DocumentRowChange } from './documents/tables/diff-rows.ts'
export { installGitDriver, uninstallGitDriver } from './git/driver.ts'
export type { GitDriverInstalled, GitDriverOptions, GitDriverPlace } from './git/driver.ts'
export { markedDocument, mergeDocument } from './documents/merge-document.ts'
export type * from './documents/interface.ts'
export type { MarkerLabels } from './documents/merge-text.ts'
export type { ReusedResolution } from './repo/merging/rerere.ts'
export type { RefOrder } from './repo/ref-sort.ts'
export type { SkippedPath } from './worktree/interface.ts'
export type { Take } from './merge/resolve/take.ts'
export type { MergedPath } from './merge/interface.ts'
export type { CellChange, ColumnType, JsonValue, Row, Value } from './table/interface.ts'
export { cidToText, parseCid, type Cid } from './encoding/cid.ts'
