// Rows of a log that are too long to be held, as bytes that come cut anywhere: of values that no cell can hold only the size
// is left, all else of the row is there, and what is damaged is an error that says so.
import fc from 'fast-check'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { CutBytes } from '../../src/connectors/cut-bytes.ts'
import { rowSteps } from '../../src/connectors/mysql/binlog/cut-rows.ts'
import { EventIntake } from '../../src/connectors/mysql/binlog/event-intake.ts'
import { type EventBytes, readEvent, readHeader } from '../../src/connectors/mysql/binlog/events.ts'
import { PacketReader } from '../../src/connectors/mysql/binlog/packet-reader.ts'
import { type LogBytes, MessageIntake } from '../../src/connectors/postgres/log/message-intake.ts'
import { readLogMessage } from '../../src/connectors/postgres/log/pgoutput.ts'

const largeBytes = (16 << 20) + 5
/** Twice that and more: what PostgreSQL writes of bytes is twice as long as they are. */
const largeTextBytes = (32 << 20) + 5
const heldBytesMax = 1 << 20

const uint = (value: number, size: number): Buffer => {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntLE(value, 0, size)
  return bytes
}
const int = (value: number, size: number): Buffer => {
  const bytes = Buffer.alloc(size)
  bytes.writeUIntBE(value, 0, size)
  return bytes
}
const textBehind = (length: Buffer, bytes: number, letter: string): Buffer[] => [
  length,
  Buffer.alloc(bytes, letter),
]

/** What comes cut into pieces of these sizes, over and over. */
function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length]!
    yield bytes.subarray(at, at + size)
    at += size
  }
}
const cuts = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 5 })

describe('events of the binary log', () => {
  const event = (type: number, ...body: Buffer[]): Buffer => {
    const whole = Buffer.concat([Buffer.alloc(19), ...body, Buffer.alloc(4)])
    whole[4] = type
    whole.writeUInt32LE(whole.length, 9)
    whole.writeUInt32LE(crc32(whole.subarray(0, -4)), whole.length - 4)
    return whole
  }
  /** people (id INT, name TEXT, price DECIMAL(14,4), big LONGTEXT, code CHAR(300)) */
  const map = event(
    19,
    Buffer.from(
      '120000000000 0100 0178 00 0670656f706c65 00 05 03fcf6fcfe 07 02 0e04 04 cef0 1f'.replaceAll(' ', ''),
      'hex',
    ),
  )
  const price = Buffer.from('810dfb38d204d2', 'hex')
  const image = (id: number, big: number): Buffer[] => [
    uint(0, 1),
    uint(id, 4),
    ...textBehind(uint(3, 2), 3, 'n'),
    price,
    ...textBehind(uint(big, 4), big, 'b'),
    ...textBehind(uint(2, 2), 2, 'c'),
  ]
  const head = Buffer.from('1200000000000100 05'.replaceAll(' ', ''), 'hex')
  const all = Buffer.from([0x1f])

  const taken = (chunks: Iterable<Buffer>, intake = new EventIntake(heldBytesMax)): EventBytes => {
    intake.hasChecksums = true
    intake.add(map)
    intake.end()
    for (const chunk of chunks) intake.add(chunk)
    return intake.end()
  }
  const rowsOf = (bytes: EventBytes): string => {
    const read = readEvent(readHeader(bytes.bytes), bytes)
    return read.kind === 'rows' ? read.rows.rows.toString('latin1') : read.kind
  }

  test('a row before and after an update, of which one value is large: all else is there', () => {
    const update = event(24, head, all, all, ...image(7, largeBytes), ...image(8, 4))
    const cut = taken(pieces(update, [1 << 16, 1000, 3]))
    expect(cut.isCut).toBe(true)
    const left = Buffer.concat([...image(7, largeBytes).toSpliced(6, 1), ...image(8, 4)])
    expect(rowsOf(cut).length).toBe(left.length)
    expect(rowsOf(cut)).toBe(left.toString('latin1'))
  })

  test('what is not large is there, wherever the bytes are cut, and so is an event that is held', () => {
    const insert = event(23, head, all, ...image(7, 200), ...image(9, 0))
    const left = Buffer.concat([...image(7, 200), ...image(9, 0)]).toString('latin1')
    fc.assert(
      fc.property(cuts, fc.constantFrom(100, heldBytesMax), (sizes, bytesMax) => {
        const got = taken(pieces(insert, sizes), new EventIntake(bytesMax))
        expect([got.isCut, rowsOf(got)]).toEqual([bytesMax === 100, left])
      }),
    )
  })

  test('a statement that is too long is told as such', () => {
    const statement = event(2, Buffer.alloc(heldBytesMax, 'x'))
    expect(rowsOf(taken([statement]))).toBe('tooLong')
  })

  test('a wrong checksum, a wrong length and rows of an unknown table are errors', () => {
    const insert = event(23, head, all, ...image(7, 200))
    const damaged = (change: (bytes: Buffer) => void, from = insert): Buffer => {
      const bytes = Buffer.from(from)
      change(bytes)
      return bytes
    }
    for (const [bytes, message] of [
      [damaged((one) => void one[60]!++), /checksum/],
      [damaged((one) => one.writeUInt32LE(insert.length + 1, 9)), /too short/],
      [damaged((one) => one.writeUInt32LE(insert.length - 1, 9)), /too long/],
      [event(23, Buffer.from('13', 'hex'), head.subarray(1), all, ...image(7, 200)), /not described/],
    ] as const)
      for (const bytesMax of [100, heldBytesMax]) {
        if (bytesMax !== 100 && String(message).includes('described')) continue
        expect(() => taken([bytes], new EventIntake(bytesMax))).toThrow(message)
      }
  })

  test('damaged rows end, in an error that says so where they do', () => {
    const body = Buffer.concat([head, all, ...image(7, 200)])
    const types = [3, 252, 246, 252, 254].map((type, i) => ({ type, meta: [0, 2, 0x40e, 4, 0xf0ce][i]! }))
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(body)
        damaged[at] = byte
        try {
          const cut = new CutBytes(
            Buffer.alloc(19),
            rowSteps(23, () => types),
          )
          cut.add(damaged)
          expect(cut.end().length).toBeLessThanOrEqual(19 + body.length)
        } catch (error) {
          if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('messages come out of packets as they went in, full packets and empty ones too', () => {
    const full = 0xffffff
    const messages = [Buffer.from('a'), Buffer.alloc(full, 'f'), Buffer.alloc(0), Buffer.alloc(full + 3, 'g')]
    const sent = messages.flatMap((message) => {
      const packets: Buffer[] = []
      for (let at = 0; ; at += full) {
        const part = message.subarray(at, at + full)
        packets.push(uint(part.length, 3), uint(packets.length / 3, 1), part)
        if (part.length < full) return packets
      }
    })
    const got: [length: number, letters: string, sequence: number][] = []
    let [length, letters] = [0, '']
    const reader = new PacketReader({
      add(bytes) {
        length += bytes.length
        if (!letters.endsWith(String.fromCharCode(bytes[0]!))) letters += String.fromCharCode(bytes[0]!)
      },
      end(sequence) {
        got.push([length, letters, sequence])
        length = 0
        letters = ''
      },
    })
    for (const chunk of pieces(Buffer.concat(sent), [65_536, 2, 7])) reader.execute(chunk)
    expect(got).toEqual([
      [1, 'a', 0],
      [full, 'f', 1],
      [0, '', 0],
      [full + 3, 'g', 1],
    ])
  })
})

describe('messages of pgoutput', () => {
  const frame = (...body: Buffer[]): Buffer[] => {
    const length = body.reduce((sum, one) => sum + one.length, 4)
    return [Buffer.from('d'), int(length, 4), ...body]
  }
  const logged = (...message: Buffer[]): Buffer[] => frame(Buffer.from('w'), Buffer.alloc(24), ...message)
  const field = (text: string): Buffer[] => [Buffer.from('t'), int(text.length, 4), Buffer.from(text)]
  const tuple = (large: number): Buffer[] => [
    int(5, 2),
    ...field('7'),
    Buffer.from('n'),
    ...textBehind(Buffer.concat([Buffer.from('t'), int(large, 4)]), large, 'x'),
    Buffer.from('u'),
    ...field('end'),
  ]
  const alive = frame(Buffer.from('k'), int(0, 4), int(99, 4), Buffer.alloc(8), Buffer.from([1]))
  const notice = [Buffer.from('N'), int(8, 4), Buffer.from('oops')]
  const started = [Buffer.from('W'), int(7, 4), Buffer.alloc(3)]

  function taken(
    chunks: Iterable<Buffer>,
    bytesMax = heldBytesMax,
  ): { messages: LogBytes[]; words: unknown[] } {
    const [messages, words]: [LogBytes[], unknown[]] = [[], []]
    const intake = new MessageIntake(
      {
        started: () => words.push('started'),
        message: (message) => messages.push(message),
        keepalive: (lsn, isAsked) => words.push([lsn, isAsked]),
        other: (rest) => words.push(rest.toString('latin1')),
      },
      bytesMax,
    )
    for (const chunk of chunks) intake.add(chunk)
    return { messages, words }
  }
  const texts = (row: readonly unknown[]): unknown[] =>
    row.map((one) => (one instanceof Uint8Array ? Buffer.from(one).toString('latin1') : one))

  test('a row of which one value is large: all else is there', () => {
    const head = [Buffer.from('U'), int(12, 4), Buffer.from('O')]
    const update = logged(...head, ...tuple(largeTextBytes), Buffer.from('N'), ...tuple(3))
    const { messages } = taken(pieces(Buffer.concat(update), [1 << 16, 1000, 3]))
    const read = messages.map(readLogMessage)
    expect(read).toMatchObject([{ kind: 'update', relation: 12 }])
    const { old, row } = read[0] as unknown as Record<'old' | 'row', unknown[]>
    expect([texts(old), texts(row)]).toEqual([
      ['7', null, largeTextBytes, undefined, 'end'],
      ['7', null, 'xxx', undefined, 'end'],
    ])
  })

  test('what is not large is there, wherever the bytes are cut, with what comes between', () => {
    const insert = logged(Buffer.from('I'), int(12, 4), Buffer.from('N'), ...tuple(90))
    const error = 'E\0\0\0\x09whole'
    const sent = Buffer.concat([
      ...started,
      ...alive,
      ...insert,
      ...notice,
      ...insert,
      Buffer.from(error, 'latin1'),
    ])
    fc.assert(
      fc.property(cuts, fc.constantFrom(40, heldBytesMax), (sizes, bytesMax) => {
        const { messages, words } = taken(pieces(sent, sizes), bytesMax)
        const row = ['7', null, 'x'.repeat(90), undefined, 'end']
        const rows = messages
          .map(readLogMessage)
          .map((one) => texts((one as unknown as { row: unknown[] }).row))
        expect([rows, words.slice(0, 2)]).toEqual([
          [row, row],
          ['started', [99n, true]],
        ])
        // What is not of the log goes to another from its first byte on.
        expect(String(words[2])).toBe(error.slice(0, String(words[2]).length))
        expect(messages.map(({ isCut }) => isCut)).toEqual([bytesMax === 40, bytesMax === 40])
      }),
    )
  })

  test('damaged messages end, in an error that says so where they do', () => {
    const sent = Buffer.concat(logged(Buffer.from('I'), int(12, 4), Buffer.from('N'), ...tuple(90)))
    fc.assert(
      fc.property(fc.nat(sent.length - 1), fc.nat(255), fc.constantFrom(40, 500), (at, byte, bytesMax) => {
        const damaged = Buffer.from(sent)
        damaged[at] = byte
        try {
          taken([damaged], bytesMax).messages.map(readLogMessage)
        } catch (error) {
          if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
