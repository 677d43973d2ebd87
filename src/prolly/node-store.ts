// Reads nodes in batches and keeps decoded ones: a node has been checked against its name and in itself when it comes
// out of here. Names are of content, so the cache can be shared by readers of one store.
import { Lru } from '../base/lru.ts'
import { yieldIfDue, isTurnOver } from '../base/turns.ts'
import { VarveError, isVarveError } from '../base/errors.ts'
import { type Cid, codecOf } from '../encoding/cid.ts'
import type { ObjectReader, ReadOptions } from '../store/interface.ts'
import { type Node, decodeNode } from './node.ts'

const cacheBytesMax = 32 << 20
const nodeOverhead = 600

export class NodeStore {
  readonly reader: ObjectReader
  #cache: Lru<Cid, Node> = new Lru(cacheBytesMax)
  #isShared: boolean

  constructor(reader: ObjectReader) {
    this.reader = reader
    this.#isShared = reader.isShared === true
  }

  /** The same cache in front of another reader: a writer, say, that holds nodes nobody else sees yet. */
  through(reader: ObjectReader): NodeStore {
    if (reader === this.reader) return this
    const other = new NodeStore(reader)
    other.#cache = this.#cache
    other.#isShared = this.#isShared
    return other
  }

  /**
   * Nodes in the order asked for; those not in the cache come with one read.
   * @throws VarveError VARVE_OBJECT_MISSING, VARVE_CORRUPT
   */
  async get(cids: readonly Cid[], options: ReadOptions = {}): Promise<Node[]> {
    const nodes = new Map<Cid, Node>()
    const wanted = new Set<Cid>()
    for (const cid of cids) {
      const node = this.#cache.get(cid)
      if (node === undefined) wanted.add(cid)
      else nodes.set(cid, node)
    }
    if (wanted.size > 0) {
      const order = [...wanted]
      const objects = await this.reader.get(order, options)
      for (let i = 0; i < order.length; i++) nodes.set(order[i]!, this.#take(order[i]!, objects[i]!))
    }
    if (this.#isShared && isTurnOver()) await yieldIfDue()
    return cids.map((cid) => nodes.get(cid)!)
  }

  #take(cid: Cid, bytes: Uint8Array): Node {
    const node = decodeNamed(cid, ownBytes(bytes))
    const ends = node.keyEnds.length * (node.itemEnds === null ? 8 : 32)
    this.#cache.set(cid, node, bytes.length + ends + nodeOverhead)
    return node
  }
}

function decodeNamed(cid: Cid, bytes: Uint8Array): Node {
  try {
    if (codecOf(cid) !== 'dag-cbor') throw new VarveError('VARVE_CORRUPT', 'node has the name of raw bytes')
    return decodeNode(bytes)
  } catch (error) {
    if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
    const options = { data: { ...error.data, cid }, cause: error }
    throw new VarveError(
      error.code,
      error.message,
      error.hint === undefined ? options : { ...options, hint: error.hint },
    )
  }
}

/** A view of a much larger buffer would keep all of that alive for as long as the node is cached. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.buffer.byteLength > 2 * bytes.length + 4096 ? new Uint8Array(bytes) : bytes
}
