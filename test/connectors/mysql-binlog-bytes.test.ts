// Events of the binary log as bytes: these are a server's, and whatever becomes of them on the way is a change, or an error
// that says so.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isVarveError, VarveError } from '../../src/base/errors.ts'
import { decimalText } from '../../src/connectors/mysql/binlog/decimal-text.ts'
import { ByteCursor } from '../../src/connectors/mysql/binlog/byte-cursor.ts'
import { readEvent, readHeader } from '../../src/connectors/mysql/binlog/events.ts'
import { FollowedTables } from '../../src/connectors/mysql/binlog/followed-tables.ts'
import { payloadType, unpackPayload } from '../../src/connectors/mysql/binlog/payload.ts'
import { isBefore, positionOf, positionText } from '../../src/connectors/mysql/binlog/position.ts'
import type { MysqlTable } from '../../src/connectors/mysql/discover.ts'
import { type MysqlColumn, familyOf, membersOf } from '../../src/connectors/mysql/types.ts'

/** INSERT INTO people (id, name, big) VALUES (4, 'Barbara', NULL) */
const map = Buffer.from(
  '4ae3076b1301000000320000002b030000000012000000000001000178000670656f706c65000303fcfc02020406',
  'hex',
)
const rows = Buffer.from(
  '4ae3076b17010000002f0000005a030000000012000000000001000307fc0400000007004261726261726a'.slice(0, -2) +
    '61',
  'hex',
)

function column(name: string, dataType: string, nativeType = dataType): MysqlColumn {
  return {
    name,
    nativeType,
    family: familyOf(dataType, nativeType),
    type: 'text',
    nullable: true,
    generated: false,
    isText: true,
    charset: 'utf8mb4',
    members: membersOf(nativeType),
    computedBy: null,
    fractionDigits: 0,
    lengthMax: 20,
    isUnsigned: false,
    onUpdate: false,
  }
}

function people(...columns: MysqlColumn[]): MysqlTable {
  return {
    name: 'people',
    database: 'x',
    sql: '`people`',
    engine: 'InnoDB',
    isTransactional: true,
    rowsAbout: 0,
    isVersioned: false,
    changesByCascade: false,
    isReferenced: false,
    columns,
    key: ['id'],
    references: [],
    uniqueColumns: new Set(),
    referringColumns: new Set(),
  }
}

const table = people(column('id', 'int'), column('name', 'text'), column('big', 'longtext'))

function changesOf(events: readonly Buffer[]): unknown[] {
  const tables = new FollowedTables([table])
  return events.flatMap((bytes) => {
    const event = readEvent(readHeader(bytes), { bytes, isCut: false })
    if (event.kind === 'table') return tables.map(event.table)
    return event.kind === 'rows' ? [...tables.rows(event.rows)] : []
  })
}

describe('events of the binary log', () => {
  test('are read as what they say', () => {
    expect(JSON.stringify(changesOf([map, rows]))).toContain('"kind":"put","table":"people","oldKey":null')
  })

  test('that are damaged are an error that says so, or read as another change, and end', () => {
    const damaged = fc.record({
      at: fc.nat(map.length + rows.length - 1),
      byte: fc.nat(255),
      cut: fc.nat(rows.length),
    })
    fc.assert(
      fc.property(damaged, ({ at, byte, cut }) => {
        const [one, two] = [
          Buffer.from(map),
          Buffer.from(rows.subarray(0, rows.length - (cut < 20 ? cut : 0))),
        ]
        if (at < one.length) one[at] = byte
        else if (at - one.length < two.length) two[at - one.length] = byte
        try {
          changesOf([one, two])
        } catch (error) {
          if (!isVarveError(error, 'VARVE_CORRUPT')) throw error
        }
      }),
      { numRuns: 3_000 },
    )
  })

  test('decimals have all their digits', () => {
    const read = (hex: string, precision: number, scale: number): string =>
      decimalText(new ByteCursor(Buffer.from(hex, 'hex')), precision, scale)
    // The example of MySQL's documentation, and its negative.
    expect(read('810dfb38d204d2', 14, 4)).toBe('1234567890.1234')
    expect(read('7ef204c72dfb2d', 14, 4)).toBe('-1234567890.1234')
    expect(read('800100', 5, 2)).toBe('1.00')
    expect(read('7ffeff', 5, 2)).toBe('-1.00')
    expect(() => decimalText(new ByteCursor(Buffer.alloc(4)), 2, 5)).toThrow(VarveError)
  })

  test('positions are ordered by file and offset, and what is none is null', () => {
    const prepared = [{ xid: "X'61',X'',1", file: 'binlog.000007', from: 4, hash: 'cd' }]
    const at = { file: 'binlog.000009', at: 500, begun: 1, last: { from: 400, hash: 'ab' }, prepared: [] }
    for (const one of [at, { ...at, prepared }, { ...at, last: null, prepared }])
      expect(positionOf(positionText(one))).toEqual(one)
    expect(isBefore(at, { file: 'binlog.000010', at: 4 })).toBe(true)
    expect(isBefore(at, { file: 'binlog.1000000', at: 4 })).toBe(true)
    expect(isBefore(at, { ...at, at: 499 })).toBe(false)
    const odd = [
      'null',
      '7',
      '[null]',
      '[["a","b",1]]',
      '[["a","b",1.5,"c"]]',
      JSON.stringify(Array(65).fill(['a', 'b', 1, 'c'])),
    ]
    for (const text of [
      '',
      '{}',
      '[1,2,3]',
      '["a",1.5,3]',
      'null',
      ...odd.map((one) => `["a",1,3,1,"h",${one}]`),
    ])
      expect(positionOf(text), text).toBe(null)
  })

  test('statements concern the tables that they name', () => {
    const tables = new FollowedTables([table, { ...table, name: 'a`b' }])
    const named = (sql: string): string[] => tables.statement(sql).map((change) => change.table)
    expect(named('ALTER TABLE people ADD x int')).toEqual(['people'])
    expect(named('DROP TABLE `x`.`People`, `a``b`')).toEqual(['people', 'a`b'])
    expect(named('CREATE TABLE people2 LIKE other_people')).toEqual([])
    expect(named('DROP DATABASE x')).toEqual(['people', 'a`b'])
    expect(named('DROP DATABASE IF EXISTS `other`')).toEqual([])
    expect(named('CREATE OR REPLACE SCHEMA X')).toEqual(['people', 'a`b'])
    expect(named('ALTER DATABASE other CHARACTER SET latin1')).toEqual(['people', 'a`b'])
    expect(named('UPDATE v SET a = 1')).toEqual(['people', 'a`b'])
    expect(named('CREATE TEMPORARY TABLE people (id int)')).toEqual([])
    expect(named('GRANT SELECT ON people TO ada')).toEqual([])
  })
})

describe('a compressed transaction', () => {
  const packedNumber = (value: number): number[] => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt(value))
    return value < 251 ? [value] : [0xfe, ...bytes]
  }
  const payload = (fields: readonly (readonly [number, number])[], body: Uint8Array): Buffer => {
    const head = Buffer.from(map.subarray(0, 19))
    head[4] = payloadType
    head.writeUInt32LE(1_000, 13)
    const values = fields.map(([field, value]) => [field, packedNumber(value)] as const)
    const written = values.flatMap(([field, value]) => [field, value.length, ...value])
    return Buffer.concat([head, Buffer.from([...written, 0]), body])
  }
  const whole = [Buffer.from(map), Buffer.from(rows)]
  for (const one of whole) one.writeUInt32LE(one.length, 9)

  test('that is not packed is its events, of which the last says where all of it ends', async () => {
    const events = await unpackPayload({ bytes: payload([[2, 255]], Buffer.concat(whole)), isCut: false })
    expect(events.map(({ bytes }) => [bytes.length, readHeader(bytes).type, readHeader(bytes).end])).toEqual([
      [map.length, 19, 0],
      [rows.length, 23, 1_000],
    ])
  })

  test('that is packed in another way, or claims more than can be held, is one that is too long', async () => {
    for (const bytes of [
      payload([[2, 7]], map),
      payload(
        [
          [2, 0],
          [3, 2 ** 33],
        ],
        map,
      ),
    ]) {
      const [event] = await unpackPayload({ bytes, isCut: false })
      expect(readEvent(readHeader(event!.bytes), event!)).toEqual({ kind: 'tooLong' })
    }
  })

  test('that holds another one is refused: what comes behind that one would be lost', async () => {
    const inner = payload([[2, 255]], map)
    inner.writeUInt32LE(inner.length, 9)
    const bytes = payload([[2, 255]], Buffer.concat([inner, ...whole]))
    await expect(unpackPayload({ bytes, isCut: false })).rejects.toThrow(/holds another one/)
  })

  test('whatever its bytes are, it is events or an error that says so', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(0, 255),
        fc.integer({ min: 0, max: 250 }),
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        async (compression, length, body, hasMagic) => {
          const magic = hasMagic ? Buffer.from('28b52ffd', 'hex') : Buffer.alloc(0)
          const bytes = payload(
            [
              [2, compression],
              [3, length],
            ],
            Buffer.concat([magic, body]),
          )
          const found: unknown = await unpackPayload({ bytes, isCut: false }).catch((error: unknown) => error)
          expect(Array.isArray(found) || isVarveError(found, 'VARVE_CORRUPT')).toBe(true)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
