// docs/FORMAT.md prints a commit, a tag, a merge state and a map of conflicts; they are what the code writes and reads.
import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { fromHex, toHex, utf8 } from '../../src/base/bytes.ts'
import { type Cid, cidOf, cidToText } from '../../src/encoding/cid.ts'
import { linksOf } from '../../src/encoding/links.ts'
import { writeBytes } from '../../src/files/content.ts'
import type { FileEntry } from '../../src/files/interface.ts'
import { Tree } from '../../src/files/tree.ts'
import { messageBytesMax, parseCommit, readTag, writeCommit, writeTag } from '../../src/history/commit.ts'
import type { Signature } from '../../src/history/interface.ts'
import { signedParts, withSignature } from '../../src/history/signed.ts'
import { type ConflictRecord, conflictKinds } from '../../src/merge/conflicts/conflict-record.ts'
import { scanConflicts, scanRecords, writeConflicts } from '../../src/merge/conflicts/conflicts.ts'
import { partEntry, partRecord } from '../../src/merge/conflicts/document-part.ts'
import { Rerere, decodeRemembered } from '../../src/merge/resolve/rerere.ts'
import { decodeResolution, resolutionEdit, scanResolved } from '../../src/merge/resolve/resolutions.ts'
import { TableSchemas } from '../../src/merge/resolve/table-schemas.ts'
import { collect } from '../../src/base/iterables.ts'
import { decodeCbor, encodeCbor } from '../../src/encoding/cbor.ts'
import type { Entry } from '../../src/prolly/interface.ts'
import { ProllyMap } from '../../src/prolly/map.ts'
import { NodeStore } from '../../src/prolly/node-store.ts'
import { mergeRef } from '../../src/repo/interface.ts'
import { readMergeState, writeMergeState } from '../../src/repo/merging/merge-state.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import { textCell } from '../../src/table/cell.ts'
import { cellSlot } from '../../src/table/slot.ts'

const page = readFileSync(new URL('../../docs/FORMAT.md', import.meta.url), 'utf8')

/** The bytes and the name that stand below this heading. */
function vector(name: string): { hex: string; text: string } {
  const section = page.split(`\n### Vector: ${name}\n`)[1]?.split('\n#')[0]
  if (section === undefined) throw new Error(`the page has no vector '${name}'`)
  return {
    hex: section.split('```')[1]!.replaceAll(/\s/g, ''),
    text: /`(bafy[a-z2-7]+)`/.exec(section)![1]!,
  }
}

const store = MemoryStore.create()
const writer = store.writer()
const nodes = new NodeStore(writer)
const tree = Tree.empty(nodes, writer).cid
const ada: Signature = { name: 'Ada', email: 'ada@example.org', timeMs: 1_700_000_000_000, zoneMinutes: 60 }
const commit = {
  tree,
  parents: [],
  author: ada,
  committer: ada,
  message: 'First',
  generation: 1,
  extra: {},
}
const first = writeCommit(writer, commit)

const side = (text: string): ConflictRecord['base'] => ({
  value: cellSlot(textCell(text), writer).spelling,
  links: [],
})
const clash: ConflictRecord = {
  kind: 'cell',
  path: 'people.csv',
  key: fromHex('2107'),
  text: 'city',
  base: side('Wien'),
  ours: side('Graz'),
  theirs: side('Linz'),
}
let conflicts: Cid
beforeAll(async () => {
  conflicts = (await writeConflicts(nodes, writer, [[clash]])).root!
})

async function expectPrinted(name: string, cid: Cid): Promise<void> {
  const [bytes] = await writer.get([cid])
  expect({ hex: toHex(bytes!), text: cidToText(cid) }).toEqual(vector(name))
}

test('a commit', async () => {
  await expectPrinted('commit', first)
  const bytes = fromHex(vector('commit').hex)
  const cid = cidOf('dag-cbor', bytes)
  expect(parseCommit(cid, bytes)).toEqual({ cid, ...commit })
  expect(linksOf(cid, bytes)).toEqual([tree])
  expect(messageBytesMax).toBe(2 ** 20)
})

test('a signed commit', async () => {
  const signature = '-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n'
  const plain = fromHex(vector('commit').hex)
  const cid = writer.put('dag-cbor', withSignature(plain, signature))
  await expectPrinted('signed commit', cid)
  const bytes = fromHex(vector('signed commit').hex)
  expect(parseCommit(cid, bytes)).toEqual({ cid, ...commit, signature })
  const parts = [signedParts(bytes, 'it'), signedParts(plain, 'it')]
  expect(parts.map((one) => [toHex(one.payload), one.signature])).toEqual([
    [toHex(plain), signature],
    [toHex(plain), null],
  ])
})

test('a signature is a text of 1 to 65,536 characters', () => {
  const plain = decodeCbor(fromHex(vector('commit').hex), 'it') as object
  const parse = (signature: unknown): string | undefined => {
    const bytes = encodeCbor({ ...plain, signature })
    return parseCommit(cidOf('dag-cbor', bytes), bytes).signature
  }
  expect(parse('x'.repeat(65_536))).toHaveLength(65_536)
  for (const damaged of ['', 'x'.repeat(65_537), null, 1, new Uint8Array(9), ['x']])
    expect(() => parse(damaged)).toThrow('has a damaged signature')
  expect(() => withSignature(fromHex(vector('commit').hex), 'x'.repeat(65_537))).toThrow('at most 65536')
})

test('a tag', async () => {
  const facts = { target: first, name: 'v1', tagger: ada, message: 'As published' }
  const tag = writeTag(writer, facts)
  await expectPrinted('tag', tag)
  expect(await readTag(writer, tag)).toEqual({ cid: tag, ...facts })
})

test('a map with one conflict', async () => {
  await expectPrinted('conflicts', conflicts)
  const found = []
  for await (const batch of scanConflicts(nodes, conflicts)) found.push(...batch)
  expect(found).toMatchObject([{ kind: 'cell', id: '1', path: 'people.csv', column: 'city' }])
  expect(found[0]).toMatchObject({ base: textCell('Wien'), ours: textCell('Graz'), theirs: textCell('Linz') })
})

test('a map with a conflict about a part of a file', async () => {
  const version = (text: string): FileEntry => ({
    kind: 'file',
    executable: false,
    ...writeBytes(writer, utf8(text)),
  })
  const entries = { base: version('base\n'), ours: version('ours\n'), theirs: version('them\n') }
  const found = {
    kind: 'cell',
    where: 'id=2',
    column: 'city',
    base: 'Wien',
    ours: 'Graz',
    theirs: 'Linz',
  } as const
  const { root } = await writeConflicts(nodes, writer, [[partRecord('notes.csv', found, entries)]])
  await expectPrinted('conflict of a part', root!)
  const { kind: part, ...rest } = found
  const read = (await collect(scanConflicts(nodes, root))).flat()
  expect(read).toEqual([{ kind: 'part', id: '1', path: 'notes.csv', part, ...rest }])
  const records = (await collect(scanRecords(nodes, root))).flat()
  expect(partEntry(records[0]!.record.theirs)).toEqual(entries.theirs)
})

test('a map with one resolution', async () => {
  const edit = resolutionEdit(writer, 1, { how: 'given', chosen: side('Graz'), place: null })
  const { cid } = await ProllyMap.empty(nodes, writer).mutate(writer, [edit])
  await expectPrinted('resolutions', cid)
  const found = (await collect(scanResolved(nodes, conflicts, cid))).flat()
  expect(found).toMatchObject([{ number: 1, how: 'given', chosen: side('Graz'), record: { text: 'city' } }])
})

test('a map with one remembered resolution, whichever side it came from', async () => {
  const schemas = new TableSchemas(nodes, Tree.empty(nodes, writer))
  const rerere = await Rerere.open({ nodes, writer }, null, schemas, 5)
  await rerere.remember([{ number: 1, record: clash, chosen: side('Graz') }])
  const root = await rerere.finish()
  await expectPrinted('remembered', root!)
  const again = await Rerere.open({ nodes, writer }, root, schemas, 6)
  const mirrored = { ...clash, ours: clash.theirs, theirs: clash.ours }
  const other = { ...clash, base: null }
  expect(await again.recall([clash, mirrored, other])).toEqual([side('Graz'), side('Graz'), undefined])
})

test('broken resolutions are refused', () => {
  const entry = (value: unknown): Entry => ({ key: fromHex('00000001'), value: encodeCbor(value), links: [] })
  for (const value of [
    null,
    [],
    [0, null],
    [9, null, null],
    [0, 5, null],
    [0, [null, 0], null],
    [0, [utf8('x'), 1], null],
    [0, null, 't'],
  ])
    expect(() => decodeResolution(entry(value))).toThrow('malformed')
  const path = utf8('t')
  const key = new Uint8Array(0)
  for (const value of [
    [],
    ['1', 0, path, key, '', null],
    [1, 99, path, key, '', null],
    [1, 0, 't', key, '', null],
    [1, 0, path, key, 7, null],
    [1, 0, path, key, '', [utf8('x'), 1]],
  ])
    expect(() => decodeRemembered(entry(value))).toThrow('malformed')
})

test('the kinds of conflicts', () => {
  const rows = [...page.matchAll(/^\| (\d) \| a(?: table's)? ([\w-]+)(?::[^|]*)? \|/gm)]
  expect(rows.map(([, number, kind]) => [Number(number), kind])).toEqual([...conflictKinds.entries()])
})

test('a merge state', async () => {
  const state = {
    kind: 'merge',
    ours: first,
    theirs: first,
    message: 'Merge x',
    conflicts,
    met: { conflicts, tree },
    resolutions: null,
    author: null,
    extra: {},
  } as const
  const cid = writeMergeState(writer, state)
  await expectPrinted('merge state', cid)
  await store.update(
    () => ({ refs: new Map([[mergeRef, cid]]), operation: { name: 'merge', message: '', author: '' } }),
    {
      writer,
    },
  )
  expect(await readMergeState(store, await store.manifest())).toEqual(state)
})

test('a large side of a conflict is an object of its own', async () => {
  const large = { value: utf8('x'.repeat(1025)), links: [] }
  const { root } = await writeConflicts(nodes, writer, [[{ ...clash, kind: 'row', text: '', ours: large }]])
  const [bytes] = await writer.get([root!])
  expect(linksOf(root!, bytes!)).toEqual([cidOf('raw', large.value)])
})
