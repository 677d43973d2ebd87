// What the receiver of COPY's rows takes from the line and what it leaves to the connection, however the bytes are cut.
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import type { Client } from 'pg'
import { expect, test } from 'vitest'
import { frameEnd, letterCut, unframed } from '../../src/connectors/postgres/copy/copy-frames.ts'
import { copyOut } from '../../src/connectors/postgres/copy/copy-out.ts'
import { type CopyRow, copyRows } from '../../src/connectors/postgres/copy/copy-text.ts'
import { CutRow } from '../../src/connectors/postgres/cut-row.ts'

function message(code: string, content: Uint8Array): Buffer {
  const head = Buffer.from(`${code}----`)
  head.writeUInt32BE(content.length + 4, 1)
  return Buffer.concat([head, content])
}

const contents = fc.uint8Array({ minLength: 1, maxLength: 40 })
const rows = fc.array(fc.tuple(fc.constantFrom('d', 'd', 'd', 'H', 'N', 'S', 'A'), contents))

interface Line {
  readonly client: Client
  /** What the connection's own reader gets. */
  readonly rest: Buffer[]
  /** As the client does. */
  readonly tell: (error: Error) => void
}

interface Query {
  submit(connection: unknown): void
  handleError(error: Error): void
}

/** A connection whose other end says `bytes` in pieces of these sizes. */
function lineOf(bytes: Uint8Array, sizes: readonly number[]): Line {
  const stream = new PassThrough()
  const rest: Buffer[] = []
  stream.on('data', (chunk: Buffer) => rest.push(chunk))
  const say = async (): Promise<void> => {
    for (let at = 0, i = 0; at < bytes.length; i++) {
      const end = at + sizes[i % sizes.length]!
      stream.write(bytes.subarray(at, end))
      at = end
      await new Promise((next) => setImmediate(next))
    }
  }
  const query = (): void => void say()
  const asked: Query[] = []
  const client = {
    query: (one: Query) => {
      asked.push(one)
      one.submit({ stream, query })
    },
  }
  const tell = (error: Error): void => asked[0]!.handleError(error)
  return { client: client as unknown as Client, rest, tell }
}

async function received(client: Client): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const chunk of copyOut(client, 'COPY')) parts.push(Uint8Array.from(chunk))
  return Buffer.concat(parts)
}

function shown(row: CopyRow): (string | null | number)[] {
  return row.map((field) => (field instanceof Uint8Array ? Buffer.from(field).toString() : field))
}

async function settled(rest: readonly Buffer[], length: number): Promise<Buffer> {
  while (Buffer.concat(rest).length < length) await new Promise((next) => setImmediate(next))
  return Buffer.concat(rest)
}

test('rows come whole and in order, and what follows their end goes to the connection', async () => {
  await fc.assert(
    fc.asyncProperty(
      rows,
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
      async (sent, sizes) => {
        const messages = sent.map(([code, content]) => message(code, content))
        const behind = Buffer.concat([message('C', Buffer.from('COPY 1\0')), message('Z', Buffer.from('T'))])
        const bytes = Buffer.concat([...messages, message('c', new Uint8Array(0)), behind])
        const { client, rest } = lineOf(bytes, sizes)
        const expected = messages.filter((_, i) => sent[i]![0] === 'd')
        expect(await received(client)).toEqual(Buffer.concat(expected))
        expect(await settled(rest, behind.length)).toEqual(behind)
      },
    ),
    { numRuns: 200 },
  )
})

test('an error goes to the connection as it came, behind the rows before it', async () => {
  const row = message('d', Buffer.from('1\n'))
  const error = message('E', Buffer.from('SERROR\0\0'))
  const { client, rest, tell } = lineOf(Buffer.concat([row, error]), [4])
  const chunks = copyOut(client, 'COPY')
  const parts: Uint8Array[] = []
  while (Buffer.concat(parts).length < row.length) parts.push((await chunks.next()).value as Uint8Array)
  expect(Buffer.concat(parts)).toEqual(row)
  const end = chunks.next()
  expect(await settled(rest, error.length)).toEqual(error)
  tell(new Error('as the connection reads it'))
  await expect(end).rejects.toThrow('as the connection reads it')
})

test('a message of no length is refused', async () => {
  const bytes = Buffer.from([0x64, 0, 0, 0, 3, 0x64, 0, 0])
  await expect(received(lineOf(bytes, [100]).client)).rejects.toMatchObject({ code: 'VARVE_CORRUPT' })
  const notice = Buffer.from([0x4e, 0, 0, 0, 3, 0x64, 0, 0])
  await expect(received(lineOf(notice, [2]).client)).rejects.toMatchObject({ code: 'VARVE_CORRUPT' })
})

test('more than is taken at once comes whole and in order, and the line waits until it is taken', async () => {
  const messages = Array.from({ length: 60 }, (_, i) => message('d', Buffer.alloc(1 + i * 1009, i)))
  messages.splice(30, 0, message('N', Buffer.alloc(300_000)), message('d', Buffer.alloc(400_000, 7)))
  const bytes = Buffer.concat([...messages, message('c', new Uint8Array(0))])
  const { client, rest } = lineOf(bytes, [65_536, 1, 8192])
  const parts: Uint8Array[] = []
  for await (const frames of copyOut(client, 'COPY')) {
    parts.push(Uint8Array.from(frames))
    await new Promise((next) => setTimeout(next, 1))
  }
  expect(parts.length).toBeGreaterThan(5)
  expect(Math.max(...parts.slice(0, 3).map(({ length }) => length))).toBeLessThan(256 << 10)
  expect(Buffer.concat(parts).equals(Buffer.concat(messages.filter(([code]) => code === 0x64)))).toBe(true)
  expect(rest).toEqual([])
})

test('a row that is too long comes with the sizes of the values that no cell holds, however it is cut', () => {
  const field = fc
    .array(fc.constantFrom('a', 'ü', '\\\\', '\\t', '\\N', '0'), { maxLength: 12 })
    .map((all) => all.join(''))
  fc.assert(
    fc.property(
      fc.array(field, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 2, max: 10 }),
      fc.integer({ min: 1, max: 9 }),
      (fields, fieldBytesMax, size) => {
        const line = Buffer.from(`${fields.join('\t')}\n`)
        const cut = new CutRow(line.length, { fieldBytesMax, rowBytesMax: 1000 })
        const behind = Buffer.concat([line, Buffer.from('next')])
        let at = 0
        while (!cut.isWhole) at += cut.add(behind.subarray(at, at + size))
        expect(at).toBe(line.length)
        const frame = cut.frame()
        expect([frame[0], frameEnd(frame, 0)]).toEqual([letterCut, frame.length])
        const whole = shown(copyRows(line, fields.length)[0]!)
        const expected = fields.map((one, i) => {
          if (Buffer.byteLength(one) <= fieldBytesMax) return whole[i]
          return Buffer.byteLength(String(whole[i]))
        })
        expect(shown(copyRows(unframed(frame), fields.length)[0]!)).toEqual(expected)
      },
    ),
  )
  expect(() => new CutRow(9, { fieldBytesMax: 9, rowBytesMax: 8 }).add(Buffer.from('a\tb\tc\td\t'))).toThrow(
    'a row is longer than 64 MiB',
  )
})

test('a row of 100 MiB goes by, and those around it come', async () => {
  const [small, long] = [message('d', Buffer.from('1\ta\n')), Buffer.alloc((100 << 20) + 3, 0x78)]
  long.write('2\t')
  long[long.length - 1] = 0x0a
  const bytes = Buffer.concat([small, message('d', long), small, message('c', new Uint8Array(0))])
  const { client } = lineOf(bytes, [65_536, 1, 1 << 20])
  const frames = await received(client)
  expect(frames.length).toBeLessThan(100)
  expect(copyRows(unframed(frames), 2).map(shown)).toEqual([
    ['1', 'a'],
    ['2', 100 << 20],
    ['1', 'a'],
  ])
})

test('a message that is longer than any may be is refused by its head', async () => {
  const head = Buffer.from([0x64, 0xff, 0, 0, 1])
  await expect(received(lineOf(head, [5]).client)).rejects.toMatchObject({ code: 'VARVE_CORRUPT' })
  const notice = Buffer.from([0x4e, 0x04, 0, 0, 1])
  await expect(received(lineOf(notice, [5]).client)).rejects.toMatchObject({ code: 'VARVE_CORRUPT' })
})
