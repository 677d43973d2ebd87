// Entry of the processes in which the server answers queries: one a query, so that whatever it costs, or breaks, ends with
// it. All of the query's work is done in its one thread, beside which another only watches.
import { watchOver } from './base/platform-process.ts'
import { workInline } from './base/platform.ts'
import { serveJobs } from './base/serve-jobs.ts'
import { closeAnswer, nextPart, openAnswer } from './server/sql/answer.ts'
import type { AskedProcess } from './server/sql/interface.ts'

workInline()
serveJobs({
  closeAnswer,
  nextPart,
  openAnswer: (asked: AskedProcess) => {
    watchOver(asked.bounds)
    return openAnswer(asked)
  },
})
