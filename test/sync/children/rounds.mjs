// A process of its own: captures a table once for each line that it is given, and answers with its highest memory so far.
// Usage: node rounds.mjs <repository> <endpoint> <table>
import { createInterface } from 'node:readline'
import { Repository } from 'varve'

const [dir, endpoint, table] = process.argv.slice(2)
const repo = await Repository.init(dir, { author: { name: 'Ada', email: 'ada@example.org' } })
await repo.addLink('a', { endpoint, mode: 'capture', tables: [table], into: '' })
for await (const _ of createInterface({ input: process.stdin })) {
  const { tables } = await repo.sync('a')
  const { added, changed, removed } = tables[0].captured
  const peakBytes = process.resourceUsage().maxRSS * 1024
  console.log(JSON.stringify({ rows: added + changed + removed, peakBytes }))
}
await repo.close()
