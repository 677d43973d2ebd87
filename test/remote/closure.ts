import type { Cid } from '../../src/encoding/cid.ts'
import { linksOf } from '../../src/encoding/links.ts'
import type { ObjectReader } from '../../src/store/interface.ts'

/** Every object that `root` reaches, with the number of its links. */
export async function closure(
  reader: ObjectReader,
  root: Cid,
): Promise<{ cid: Cid; bytes: Uint8Array; links: number }[]> {
  const found: { cid: Cid; bytes: Uint8Array; links: number }[] = []
  const seen = new Set([root])
  for (const cid of seen) {
    const [bytes] = await reader.get([cid])
    const links = linksOf(cid, bytes!)
    for (const link of links) seen.add(link)
    found.push({ cid, bytes: bytes!, links: links.length })
  }
  return found
}
