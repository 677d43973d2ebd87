// A process that has begun to write: objects in a temporary pack, and a file beside the user's. It publishes when it is
// told to. Usage: node writer.mjs <repository>
import { writeFileSync, readdirSync } from 'node:fs'
import { DiskStore } from 'varve'

const [dir] = process.argv.slice(2)
const store = await DiskStore.open(`${dir}/.varve`)
const writer = store.writer()
const chunks = Array.from({ length: 40 }, (_, i) =>
  writer.put('raw', new TextEncoder().encode(`${process.pid} ${i}\n`.repeat(20_000))),
)
await writer.drained()
const own = () => readdirSync(`${dir}/.varve/tmp`).find((name) => name.startsWith(`${process.pid}-`))
while (own() === undefined) await new Promise((resolve) => setTimeout(resolve, 10))
const [pid, place] = own().split('-')
writeFileSync(`${dir}/.varve-tmp-${pid}-${place}-0123456789abcdef-0`, 'half a file')
console.log('writing')
await new Promise((resolve) => process.stdin.once('data', resolve))
await store.update(
  () => ({
    refs: new Map([['LATE', chunks[0]]]),
    operation: { name: 'test', message: '', author: '' },
  }),
  { writer },
)
await store.close()
process.exit(0)
