// A process of its own: adds commits to refs/heads/main, one object each, and a large one that threads pack.
// Usage: node commit.mjs <store> <name> <commits>
import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { DiskStore } from 'varve'

const [dir, name, commits] = process.argv.slice(2)
let threads = 0
process.on('worker', () => threads++)

const store = await DiskStore.open(dir)
for (let i = 0; i < Number(commits); i++) {
  const writer = store.writer()
  const rows = Array.from({ length: 40 }, (_, chunk) =>
    writer.put('raw', new TextEncoder().encode(`${name} ${i} ${chunk}\n`.repeat(4000))),
  )
  await store.update(
    (current) => {
      const tip = current.refs.get('refs/heads/main')
      const links = [...(tip === undefined ? [] : [tip]), ...rows].map((cid) =>
        CID.decode(Buffer.from(cid, 'hex')),
      )
      const commit = writer.put('dag-cbor', encode([tip === undefined ? 0 : 1, links]))
      return {
        refs: new Map([['refs/heads/main', commit]]),
        operation: { name: 'commit', message: `${name} ${i}`, author: '' },
      }
    },
    { writer },
  )
}
await store.close()
console.log(threads)
