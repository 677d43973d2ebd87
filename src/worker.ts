// Entry of the worker threads: a table of functions by name, pure but for the files that they are given.
import { serveJobs } from './base/serve-jobs.ts'
import { copySlice } from './connectors/postgres/copy/copy-slice.ts'
import { keySlice, leafSlice, parseSlice } from './formats/csv/slice.ts'
import { lineColumns } from './formats/jsonl/file-columns.ts'
import { lineSlice } from './formats/jsonl/slice.ts'
import { diffDocumentValues } from './documents/diff-values.ts'
import { packLines, packRows } from './documents/packed-comparison.ts'
import { insertRows } from './formats/sqlite/insert-rows.ts'
import { runSteps } from './formats/sqlite/run-steps.ts'
import { packBatch } from './store/batch.ts'
import { checkPackFile } from './store/disk/check-pack-file.ts'

serveJobs({
  checkPackFile,
  copySlice,
  diffDocumentValues,
  insertRows,
  keySlice,
  leafSlice,
  lineColumns,
  lineSlice,
  packBatch,
  packLines,
  packRows,
  parseSlice,
  runSteps,
})
