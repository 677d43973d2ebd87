import fc from 'fast-check'
import { expect, test } from 'vitest'
import { utf8 } from '../../src/base/bytes.ts'
import { KeyList } from '../../src/table/key-list.ts'
import { Shares } from '../../src/table/shares.ts'
import { buildMap, newWriter, row, rows } from '../prolly/support.ts'

test('rows move between shares and shares unite as sets do', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.tuple(fc.boolean(), fc.nat(), fc.nat()), { maxLength: 40 }),
      (count, steps) => {
        const shares = new Shares(count)
        const numbers = [0, ...Array.from({ length: 5 }, () => shares.add())]
        let sets = numbers.map(
          (_, i) => new Set(i === 0 ? Array.from({ length: count }, (_row, at) => at) : []),
        )
        for (const [isUnion, a, b] of steps) {
          const target = b % sets.length
          if (isUnion && sets.length > 1) {
            const other = a % sets.length
            numbers[target] = shares.unite(numbers[target]!, numbers[other]!)
            if (other === target) continue
            sets[target] = new Set([...sets[target]!, ...sets[other]!])
            sets.splice(other, 1)
            numbers.splice(other, 1)
          } else {
            sets = sets.map((set, i) =>
              i === target
                ? new Set([...set, a % count])
                : new Set([...set].filter((at) => at !== a % count)),
            )
            shares.move(a % count, numbers[target]!)
          }
          sets.forEach((set, i) => {
            expect(shares.sizeOf(numbers[i]!)).toBe(set.size)
            for (let at = 0; at < count; at++) {
              expect(shares.holds(numbers[i]!, at)).toBe(set.has(at))
              if (set.has(at)) expect(shares.of(at)).toBe(shares.numberOf(numbers[i]!))
            }
          })
        }
      },
    ),
    { numRuns: 100 },
  )
})

test('a key list finds every key at its place, and no other', async () => {
  const map = buildMap(rows(3000), newWriter())
  const list = await KeyList.ofBatches(map.scan())
  expect(list.count).toBe(3000)
  for (const i of [0, 1, 1234, 2999]) {
    expect(list.find(row(i).key)).toBe(i)
    expect(list.at(i)).toEqual(row(i).key)
  }
  expect(list.find(utf8('k'))).toBe(-1)
  expect(list.find(row(3000).key)).toBe(-1)
  const few = KeyList.of([utf8('a'), utf8('b'), utf8('cc')])
  expect([utf8('b'), utf8('cc'), utf8('c')].map((key) => few.find(key))).toEqual([1, 2, -1])
  expect(KeyList.of([]).find(utf8('a'))).toBe(-1)
})
