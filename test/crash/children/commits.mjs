// A process of its own on a store that keeps itself: each turn opens it and closes it, as a command does.
// Usage: node commits.mjs <store> write|read|gc <name> <turns>
import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { DiskStore } from 'varve'

const [dir, what, name, turns] = process.argv.slice(2)
const link = (cid) => CID.decode(Buffer.from(cid, 'hex'))
let seen = 0

for (let i = 0; i < Number(turns); i++) {
  const store = await DiskStore.open(dir, { upkeep: {} })
  if (what === 'write') await write(store, i)
  if (what === 'read') await read(store)
  if (what === 'gc') {
    await store.gc()
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  await store.close()
}
console.log(seen)

async function write(store, i) {
  const writer = store.writer()
  const chunk = writer.put('raw', new TextEncoder().encode(`${name} ${i}\n`.repeat(400)))
  await store.update(
    (current) => {
      const tip = current.refs.get('refs/heads/main')
      const commit = writer.put(
        'dag-cbor',
        encode([i, [chunk, ...(tip === undefined ? [] : [tip])].map(link)]),
      )
      return {
        refs: new Map([['refs/heads/main', commit]]),
        operation: { name: 'commit', message: `${name} ${i}`, author: '' },
      }
    },
    { writer },
  )
}

/** All that the tip reaches, a while after it was looked up. */
async function read(store) {
  let tip
  while (tip === undefined) {
    await new Promise((resolve) => setTimeout(resolve, 30))
    tip = (await store.manifest()).refs.get('refs/heads/main')
  }
  await new Promise((resolve) => setTimeout(resolve, 30))
  const { decode } = await import('@ipld/dag-cbor')
  for (let at = tip; at !== undefined; seen++) {
    const [bytes] = await store.get([at])
    const [, links] = decode(bytes)
    const cids = links.map((cid) => Buffer.from(cid.bytes).toString('hex'))
    await store.get([cids[0]])
    at = cids[1]
  }
}
