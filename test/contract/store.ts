// What every kind of store promises; each implementation runs this suite with its own way to make a store.
import { afterEach, expect, test } from 'vitest'
import fc from 'fast-check'
import { encodeCbor } from '../../src/encoding/cbor.ts'
import { type Cid, cidOf, cidToLink, codecOf } from '../../src/encoding/cid.ts'
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import { sha256 } from '../../src/base/platform.ts'
import { packWhole } from '../../src/store/batch.ts'
import {
  type ManifestChange,
  type ObjectWriter,
  type PackedObjects,
  type Store,
  objectBytesMax,
} from '../../src/store/interface.ts'
import { codeOf } from '../support/fault.ts'

export const operation = { name: 'test', message: 'why', author: 'Ada' }

export function setRef(name: string, cid: Cid | null): ManifestChange {
  return { refs: new Map([[name, cid]]), operation }
}

export function putNode(writer: ObjectWriter, name: string, links: readonly Cid[] = []): Cid {
  return writer.put('dag-cbor', encodeCbor([name, links.map((link) => cidToLink(link))]))
}

export async function publish(
  store: Store,
  ref: string,
  name: string,
  links: readonly Cid[] = [],
): Promise<Cid> {
  const writer = store.writer()
  const cid = putNode(writer, name, links)
  await store.update(() => setRef(ref, cid), { writer })
  return cid
}

/** Some that shrink, one that does not. */
const texts = ['short', 'line of text\n'.repeat(500), 'another line\n'.repeat(900), 'one more\n'.repeat(40)]

function packedRaw(contents: readonly string[]): PackedObjects {
  const raws = contents.map((content) => utf8(content))
  let length = 0
  const { records, ends } = packWhole({
    codec: 'raw',
    raws: concatBytes(raws),
    rawEnds: Uint32Array.from(raws, (raw) => (length += raw.length)),
    digests: concatBytes(raws.map((raw) => sha256(raw))),
  })
  return { codec: 'raw', cids: raws.map((raw) => cidOf('raw', raw)), records, ends }
}

async function publishRaw(store: Store, ref: string, content: string): Promise<Cid> {
  const writer = store.writer()
  const cid = writer.put('raw', utf8(content))
  await store.update(() => setRef(ref, cid), { writer })
  return cid
}

export function storeContract(kind: string, create: () => Promise<Store>): void {
  const stores: Store[] = []
  const make = async (): Promise<Store> => {
    const store = await create()
    stores.push(store)
    return store
  }
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close()
  })

  test(`${kind}: a new store has HEAD on its first branch and no ref`, async () => {
    const manifest = await (await make()).manifest()
    expect(manifest.sequence).toBe(1)
    expect(manifest.head).toBe('refs/heads/main')
    expect(manifest.refs.size).toBe(0)
  })

  test(`${kind}: an object is named by its content and read back as it was put`, async () => {
    const store = await make()
    const writer = store.writer()
    const cid = writer.put('raw', utf8('hello'))
    expect(cid).toBe(cidOf('raw', utf8('hello')))
    expect(writer.put('raw', utf8('hello'))).toBe(cid)
    await store.update(() => setRef('refs/x', cid), { writer })
    expect((await store.get([cid])).map((bytes) => Buffer.from(bytes).toString())).toEqual(['hello'])
  })

  test(`${kind}: a put object is seen by its writer only, until update publishes it`, async () => {
    const store = await make()
    const writer = store.writer()
    const cid = putNode(writer, 'a')
    expect(await writer.has([cid])).toEqual([true])
    expect(await store.has([cid])).toEqual([false])
    expect(await codeOf(store.get([cid]))).toBe('VARVE_OBJECT_MISSING')
    await store.update(() => setRef('refs/heads/main', cid), { writer })
    expect(await store.has([cid])).toEqual([true])
  })

  test(`${kind}: put keeps a copy: changing the bytes afterwards changes nothing`, async () => {
    const store = await make()
    const writer = store.writer()
    const bytes = utf8('abc')
    const cid = writer.put('raw', bytes)
    bytes[0] = 0
    await store.update(() => setRef('refs/x', cid), { writer })
    expect(Buffer.from((await store.get([cid]))[0]!).toString()).toBe('abc')
  })

  test(`${kind}: what was aborted is gone, and the writer can go on`, async () => {
    const store = await make()
    const writer = store.writer()
    const dropped = putNode(writer, 'dropped')
    await writer.abort()
    expect(await writer.has([dropped])).toEqual([false])
    const kept = putNode(writer, 'kept')
    await store.update(() => setRef('refs/x', kept), { writer })
    expect(await store.has([dropped, kept])).toEqual([false, true])
  })

  test(`${kind}: get answers in the order asked for, also with repetitions`, async () => {
    const store = await make()
    const writer = store.writer()
    const cids = Array.from({ length: 300 }, (_, i) => writer.put('raw', utf8(`chunk ${i}`)))
    await store.update(() => setRef('refs/x', cids[0]!), { writer })
    const asked = [7, 299, 7, 0, 150].map((i) => cids[i]!)
    const texts = (await store.get(asked)).map((bytes) => Buffer.from(bytes).toString())
    expect(texts).toEqual(['chunk 7', 'chunk 299', 'chunk 7', 'chunk 0', 'chunk 150'])
  })

  test(`${kind}: any bytes come back, with any base`, async () => {
    const store = await make()
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.string({ minLength: 1 }), fc.nat(3000)).map(([text, times]) => utf8(text.repeat(times))),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(bytes, fc.boolean(), fc.boolean()), { maxLength: 12 }),
        async (objects) => {
          const writer = store.writer()
          const cids: Cid[] = []
          for (const [content, raw, hasBase] of objects) {
            cids.push(
              writer.put(raw ? 'raw' : 'dag-cbor', content, { base: hasBase ? cids.at(-1) : undefined }),
            )
          }
          await store.update(() => ({ operation }), { writer })
          const read = await store.get(cids)
          for (let i = 0; i < cids.length; i++) expect(Buffer.compare(read[i]!, objects[i]![0])).toBe(0)
        },
      ),
      { numRuns: 30 },
    )
  })

  test(`${kind}: an object above the limit is refused`, async () => {
    const writer = (await make()).writer()
    expect(() => writer.put('raw', new Uint8Array(objectBytesMax + 1))).toThrow(TypeError)
  })

  test(`${kind}: stored objects move to another store without being packed again`, async () => {
    const from = await make()
    const to = await make()
    const writer = from.writer()
    const first = writer.put('raw', utf8('line of text\n'.repeat(500)))
    const second = writer.put('raw', utf8('line of text\n'.repeat(500) + 'one more'), { base: first })
    await from.update(() => setRef('refs/x', second), { writer })
    const moved = await from.getStored([first, second])
    const target = to.writer()
    for (const object of moved) await target.putStored(object)
    await to.update(() => setRef('refs/x', second), { writer: target })
    expect(Buffer.compare((await to.get([second]))[0]!, (await from.get([second]))[0]!)).toBe(0)
    expect((await to.fsck()).problems).toEqual([])
  })

  test(`${kind}: a stored object that lies about its bytes is refused`, async () => {
    const writer = (await make()).writer()
    const cid = cidOf('raw', utf8('truth'))
    const lie = { cid, packing: 'none', rawLength: 3, base: null, depth: 0, payload: utf8('lie') } as const
    expect(await codeOf(writer.putStored(lie))).toBe('VARVE_CORRUPT')
    expect(await writer.has([cid])).toEqual([false])
  })

  test(`${kind}: objects packed beforehand are read back, each stored once`, async () => {
    const store = await make()
    const before = await publishRaw(store, 'refs/x', texts[1]!)
    const writer = store.writer()
    const kept = writer.put('raw', utf8(texts[2]!))
    const objects = packedRaw(texts)
    writer.putPacked(objects)
    expect([before, kept]).toEqual([objects.cids[1], objects.cids[2]])
    const seen = (await writer.get(objects.cids)).map((bytes) => Buffer.from(bytes).toString())
    expect(seen).toEqual(texts)
    expect(await store.has(objects.cids)).toEqual([false, true, false, false])
    await store.update(() => setRef('refs/y', objects.cids[3]!), { writer })
    const read = (await store.get(objects.cids)).map((bytes) => Buffer.from(bytes).toString())
    expect(read).toEqual(texts)
    expect((await store.stats()).objects).toBe(4)
    expect((await store.fsck()).problems).toEqual([])
  })

  test(`${kind}: objects packed beforehand are there again when gc runs in between`, async () => {
    const store = await make()
    const before = await publishRaw(store, 'refs/heads/main', texts[1]!)
    await store.update(() => setRef('refs/heads/main', null))
    const writer = store.writer()
    const objects = packedRaw(texts)
    writer.putPacked(objects)
    expect((await store.gc({ manifestsKeptMax: 1 })).objectsDropped).toBe(1)
    expect(await store.has([before])).toEqual([false])
    await store.update(() => setRef('refs/x', objects.cids[0]!), { writer })
    expect(await store.has(objects.cids)).toEqual([true, true, true, true])
    expect((await store.fsck()).problems).toEqual([])
  })

  test(`${kind}: what a writer holds is there after update, though gc dropped it; what is not here is not held`, async () => {
    const store = await make()
    const leaf = await publish(store, 'refs/heads/main', 'leaf')
    await store.update(() => setRef('refs/heads/main', null))
    const writer = store.writer()
    expect(writer.hold([leaf, cidOf('raw', utf8('ghost'))])).toEqual([true, false])
    const tip = putNode(writer, 'tip', [leaf])
    expect((await store.gc({ manifestsKeptMax: 1 })).objectsDropped).toBe(1)
    await store.update(() => setRef('refs/heads/main', tip), { writer })
    expect(await store.has([leaf, tip])).toEqual([true, true])
    expect((await store.fsck()).problems).toEqual([])
  })

  test(`${kind}: every update adds one to the sequence, and the log keeps the older manifests`, async () => {
    const store = await make()
    const a = await publish(store, 'refs/heads/main', 'a')
    const b = await publish(store, 'refs/heads/main', 'b')
    expect((await store.manifest()).refs.get('refs/heads/main')).toBe(b)
    const older = []
    for await (const manifest of store.manifests()) older.push(manifest)
    expect(older.map((manifest) => [manifest.sequence, manifest.refs.get('refs/heads/main')])).toEqual([
      [2, a],
      [1, undefined],
    ])
  })

  test(`${kind}: refs, settings and HEAD are set and removed`, async () => {
    const store = await make()
    const cid = await publish(store, 'refs/tags/v1', 'a')
    await store.update(() => ({ config: new Map([['user.name', 'Ada']]), operation }))
    await store.update(() => ({
      head: null,
      refs: new Map([
        ['HEAD', cid],
        ['refs/tags/v1', null],
      ]),
      operation,
    }))
    const manifest = await store.manifest()
    expect(manifest.head).toBe(null)
    expect([...manifest.refs]).toEqual([['HEAD', cid]])
    expect([...manifest.config]).toEqual([['user.name', 'Ada']])
    expect(manifest.operation).toEqual(operation)
  })

  test(`${kind}: names that would be one in bytes are refused, for no manifest could be read that has them`, async () => {
    const store = await make()
    const cid = await publish(store, 'refs/heads/main', 'a')
    for (const name of ['refs/heads/\ud800', 'refs/heads/\ud801'])
      await expect(store.update(() => setRef(name, cid))).rejects.toThrow(TypeError)
    expect([...(await store.manifest()).refs.keys()]).toEqual(['refs/heads/main'])
  })

  test(`${kind}: a change of null leaves everything as it is, and so does one that throws`, async () => {
    const store = await make()
    expect((await store.update(() => null)).sequence).toBe(1)
    await expect(store.update(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect((await store.manifest()).sequence).toBe(1)
  })

  test(`${kind}: a ref cannot name an object that is not there`, async () => {
    const store = await make()
    const ghost = cidOf('raw', utf8('ghost'))
    expect(await codeOf(store.update(() => setRef('refs/x', ghost)))).toBe('VARVE_OBJECT_MISSING')
    expect((await store.manifest()).sequence).toBe(1)
  })

  test(`${kind}: of concurrent updates none is lost`, async () => {
    const store = await make()
    const add = async (name: string): Promise<void> => {
      for (let i = 0; i < 5; i++) {
        const writer = store.writer()
        await store.update(
          (current) => {
            const tip = current.refs.get('refs/heads/main')
            return setRef('refs/heads/main', putNode(writer, `${name}${i}`, tip === undefined ? [] : [tip]))
          },
          { writer },
        )
      }
    }
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => add(name)))
    const manifest = await store.manifest()
    expect(manifest.sequence).toBe(21)
    expect(await chainLength(store, manifest.refs.get('refs/heads/main')!)).toBe(20)
  })

  test(`${kind}: gc drops what no ref of a kept manifest reaches, and nothing else`, async () => {
    const store = await make()
    const leaf = await publish(store, 'refs/tags/leaf', 'leaf')
    const tip = await publish(store, 'refs/heads/main', 'tip', [leaf])
    const loose = await publish(store, 'refs/tags/loose', 'loose')
    await store.update(() => ({
      refs: new Map([
        ['refs/tags/loose', null],
        ['refs/tags/leaf', null],
      ]),
      operation,
    }))
    const kept = await store.gc({ graceMs: 0 })
    expect(kept.objectsDropped).toBe(0)
    const report = await store.gc({ graceMs: 0, manifestsKeptMax: 1 })
    expect([report.objectsKept, report.objectsDropped]).toEqual([2, 1])
    expect(await store.has([leaf, tip, loose])).toEqual([true, true, false])
    expect((await store.get([leaf, tip])).map((bytes) => bytes.length > 0)).toEqual([true, true])
    expect((await store.manifest()).gcEpoch).toBeGreaterThan(0)
    expect((await store.fsck()).problems).toEqual([])
  })

  test(`${kind}: a dry run of gc reports and changes nothing`, async () => {
    const store = await make()
    const cid = await publish(store, 'refs/heads/main', 'a')
    await store.update(() => setRef('refs/heads/main', null))
    expect((await store.gc({ dryRun: true, manifestsKeptMax: 1, graceMs: 0 })).objectsDropped).toBe(1)
    expect(await store.has([cid])).toEqual([true])
    expect((await store.manifest()).sequence).toBe(3)
  })

  test(`${kind}: an object the writer found here and gc dropped is there again after update`, async () => {
    const store = await make()
    const leaf = await publish(store, 'refs/heads/main', 'leaf')
    await store.update(() => setRef('refs/heads/main', null))
    const writer = store.writer()
    expect(putNode(writer, 'leaf')).toBe(leaf)
    const tip = putNode(writer, 'tip', [leaf])
    expect((await store.gc({ manifestsKeptMax: 1 })).objectsDropped).toBe(1)
    expect(await store.has([leaf])).toEqual([false])
    await store.update(() => setRef('refs/heads/main', tip), { writer })
    expect(await store.has([leaf, tip])).toEqual([true, true])
    expect((await store.fsck()).problems).toEqual([])
  })

  test(`${kind}: what a new object links to and gc dropped in between is there again after update`, async () => {
    const store = await make()
    const leaf = await publish(store, 'refs/heads/main', 'leaf')
    const node = await publish(store, 'refs/heads/main', 'node', [leaf])
    await store.update(() => setRef('refs/heads/main', null))
    const writer = store.writer()
    const tip = putNode(writer, 'tip', [node])
    await store.gc({ manifestsKeptMax: 1 })
    expect(await store.has([leaf, node])).toEqual([false, false])
    await store.update(() => setRef('refs/heads/main', tip), { writer })
    expect(await store.has([leaf, node, tip])).toEqual([true, true, true])
    expect((await store.fsck()).problems).toEqual([])
  })

  test(`${kind}: an object put with a base that gc drops in between is whole after update`, async () => {
    const store = await make()
    const text = Array.from({ length: 300 }, (_, i) => `row ${i * 7919}`).join(',')
    const first = store.writer()
    const base = first.put('raw', utf8(text))
    await store.update(() => setRef('refs/heads/main', base), { writer: first })
    await store.update(() => setRef('refs/heads/main', null))
    const writer = store.writer()
    const next = writer.put('raw', utf8(`${text}!`), { base })
    await store.gc({ manifestsKeptMax: 1 })
    await store.update(() => setRef('refs/heads/main', next), { writer })
    expect(await store.has([base, next])).toEqual([false, true])
    expect((await store.get([next]))[0]!.length).toBe(text.length + 1)
    await store.gc({ manifestsKeptMax: 1 })
    expect((await store.fsck()).problems).toEqual([])
  })

  test(`${kind}: fsck names an object that a ref reaches and that is missing`, async () => {
    const store = await make()
    const ghost = cidOf('raw', utf8('ghost'))
    await publish(store, 'refs/heads/main', 'tip', [ghost])
    const problems = (await store.fsck()).problems
    expect(problems.map((problem) => problem.where)).toEqual([ghost])
  })

  test(`${kind}: an aborted signal stops work with VARVE_ABORTED`, async () => {
    const store = await make()
    const signal = AbortSignal.abort()
    expect(await codeOf(store.update(() => null, { signal }))).toBe('VARVE_ABORTED')
    expect(await codeOf(store.gc({ signal }))).toBe('VARVE_ABORTED')
    expect(await codeOf(store.get([], { signal }))).toBe('VARVE_ABORTED')
  })

  test(`${kind}: a writer publishes through its own store only`, async () => {
    const [a, b] = [await make(), await make()]
    await expect(a.update(() => ({ operation }), { writer: b.writer() })).rejects.toThrow(TypeError)
  })

  test(`${kind}: codecs are part of the name`, async () => {
    const writer = (await make()).writer()
    const bytes = encodeCbor(['same'])
    const names = [writer.put('raw', bytes), writer.put('dag-cbor', bytes)]
    expect(names.map((name) => codecOf(name))).toEqual(['raw', 'dag-cbor'])
    expect((await writer.get(names)).map((found) => found.length)).toEqual([bytes.length, bytes.length])
  })
}

async function chainLength(store: Store, tip: Cid): Promise<number> {
  const { decodeCbor } = await import('../../src/encoding/cbor.ts')
  const { cidFromLink } = await import('../../src/encoding/cid.ts')
  let length = 0
  for (let at: Cid | undefined = tip; at !== undefined; length++) {
    const [, links] = decodeCbor((await store.get([at]))[0]!, 'node') as [
      string,
      Parameters<typeof cidFromLink>[0][],
    ]
    at = links[0] === undefined ? undefined : cidFromLink(links[0])
  }
  return length
}
