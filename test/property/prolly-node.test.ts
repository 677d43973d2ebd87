import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as dagCbor from '@ipld/dag-cbor'
import { equalBytes } from '../../src/base/bytes.ts'
import { isVarveError } from '../../src/base/errors.ts'
import { collect } from '../../src/base/iterables.ts'
import { type Cid, cidOf } from '../../src/encoding/cid.ts'
import { diffMaps } from '../../src/prolly/diff.ts'
import { entryAt } from '../../src/prolly/entry-batch.ts'
import { ListBuilder } from '../../src/prolly/list-builder.ts'
import { ProllyMap } from '../../src/prolly/map.ts'
import { type Node, decodeNode } from '../../src/prolly/node.ts'
import { NodeEncoder } from '../../src/prolly/node-encoder.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { chunkListKind, listKind } from '../../src/prolly/rule.ts'
import { verifyTree } from '../../src/prolly/verify.ts'
import type { ObjectWriter } from '../../src/store/interface.ts'
import { buildMap, flat, newWriter, pair, row, rows } from '../prolly/support.ts'

const limits = { interruptAfterTimeLimit: 12_000, markInterruptAsFailure: false }

async function allNodes(writer: ObjectWriter, root: Cid): Promise<Map<Cid, Uint8Array>> {
  const found = new Map<Cid, Uint8Array>()
  const todo = [root]
  for (const cid of todo) {
    const [bytes] = await writer.get([cid])
    found.set(cid, bytes!)
    const node = decodeNode(bytes!)
    if (node.level > 0) todo.push(...node.links)
  }
  return found
}

/** Nodes of every kind and level. */
async function samples(): Promise<Uint8Array[]> {
  const writer = newWriter()
  const linked = { ...pair('zz', 'linked'), links: [cidOf('raw', new Uint8Array([1]))] }
  const map = await allNodes(writer, buildMap([...rows(400), linked], writer).cid)
  const lists: Uint8Array[] = []
  for (const kind of [listKind, chunkListKind] as const) {
    const builder = new ListBuilder(writer, kind, { leafTarget: 1024 })
    for (let i = 0; i < 300; i++)
      builder.add(new Uint8Array([i % 128]), kind === listKind ? [] : linked.links)
    lists.push(...(await allNodes(writer, builder.finish())).values())
  }
  const empty = buildMap([], writer).cid
  const big = buildMap([pair('a', 'x'.repeat(70_000))], writer).cid
  return [...map.values(), ...lists, ...(await writer.get([empty, big]))]
}

function encoded(node: Node): Uint8Array {
  return new NodeEncoder().encode(node.shape, [{ batch: node, from: 0, to: node.count }]).bytes
}

test('whatever the bytes, decoding gives a node that encodes to them, or VARVE_CORRUPT', async () => {
  const nodes = await samples()
  const changeOf = fc.tuple(fc.constantFrom('set', 'insert', 'remove', 'truncate'), fc.nat(), fc.nat(255))
  let sound = 0
  fc.assert(
    fc.property(
      fc.nat(nodes.length - 1),
      fc.array(changeOf, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      (index, changes, isNearStart) => {
        let bytes = nodes[index]!
        for (const [what, where, byte] of changes) {
          const at = where % (isNearStart ? Math.min(30, bytes.length) : bytes.length)
          if (what === 'set') bytes = bytes.map((old, i) => (i === at ? byte : old))
          else if (what === 'truncate') bytes = bytes.slice(0, at + 1)
          else
            bytes = Uint8Array.from(
              [...bytes].toSpliced(at, what === 'remove' ? 1 : 0, ...(what === 'remove' ? [] : [byte])),
            )
        }
        try {
          const node = decodeNode(bytes)
          for (let i = 0; i < node.count; i++) entryAt(node, i)
          expect(equalBytes(encoded(node), bytes)).toBe(true)
          expect(equalBytes(dagCbor.encode(dagCbor.decode(bytes)), bytes)).toBe(true)
          sound++
        } catch (error) {
          if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
        }
      },
    ),
    { numRuns: 1500, ...limits },
  )
  expect(sound).toBeGreaterThan(0)
})

test('random bytes are VARVE_CORRUPT', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, hasHead) => {
      const hostile = hasHead ? Uint8Array.from([0x8c, 1, 0, 0, 0x19, 4, 0, ...bytes]) : bytes
      expect(() => decodeNode(hostile)).toThrow(expect.objectContaining({ code: 'VARVE_CORRUPT' }))
    }),
    { numRuns: 2000, ...limits },
  )
})

/** A sound node in the place of another one: names fit, contents do not. */
test('a tree put together from nodes of others is VARVE_CORRUPT when read, and a fault for verify', async () => {
  const writer = newWriter()
  const [a, b] = [
    buildMap(rows(1500), writer),
    buildMap(
      rows(1500).map((_, i) => row(i * 3, 30)),
      writer,
    ),
  ]
  const [ofA, ofB] = [await allNodes(writer, a.cid), await allNodes(writer, b.cid)]
  const victims = [...ofA.keys()].filter((cid) => cid !== a.cid)
  const impostors = [...ofB.values()]
  await fc.assert(
    fc.asyncProperty(fc.nat(victims.length - 1), fc.nat(impostors.length - 1), async (i, j) => {
      const get = writer.get.bind(writer)
      const reader: ObjectWriter = Object.create(writer, {
        get: {
          value: async (cids: readonly Cid[]) =>
            Promise.all(
              cids.map(async (cid) => (cid === victims[i] ? impostors[j]! : (await get([cid]))[0]!)),
            ),
        },
      })
      const map = await ProllyMap.load(new NodeStore(reader), a.cid)
      await expect(collect(map.scan())).rejects.toMatchObject({ code: 'VARVE_CORRUPT' })
      await expect(collect(diffMaps(map, buildMap([], writer)))).rejects.toMatchObject({
        code: 'VARVE_CORRUPT',
      })
      expect(await verifyTree(new NodeStore(reader), a.cid)).not.toBeNull()
    }),
    { numRuns: 40, ...limits },
  )
})

test('built and edited trees pass verification', async () => {
  const writer = newWriter()
  const map = buildMap(rows(3000), writer)
  const edited = await map.mutate(
    writer,
    rows(3000).flatMap((_, i) => (i % 97 === 0 ? [row(i, 3000)] : [])),
  )
  expect((await collect(edited.entries({ from: row(97).key, before: row(98).key }))).map(flat)).toEqual([
    flat({ links: [], ...row(97, 3000) }),
  ])
  for (const { cid } of [map, edited, buildMap([], writer)])
    expect(await verifyTree(new NodeStore(writer), cid)).toBeNull()
})
