// Values by number: equal values get one number, whichever file they stand in and however they are spelled there, so
// that comparing two subtrees is comparing two integers. Exact, no hash decides: a scalar is found by its canonical
// text, an array is a chain of pairs (what stood before, element), an object the same over its sorted keys.
// The numbers of strings are 0 modulo 4, of other scalars 1, of arrays and objects 2.

/** A number for a value; the same for equal values of one table. */
export type ValueId = number

const stringType = 0
const otherType = 1
const pairType = 2
const pairsExpectedMax = 1 << 22

/** Smaller integers are found without their text. */
export const integersMax: number = 1 << 16

export class ValueTable {
  readonly #strings: Map<string, number> = new Map()
  readonly #others: Map<string, number> = new Map()
  readonly #stringTexts: string[] = []
  readonly #otherTexts: string[] = []
  /** By small integers, their numbers + 1; 0 where one was not met. */
  readonly #integers: Int32Array = new Int32Array(integersMax)
  readonly #pairs: PairMap

  readonly emptyArray: ValueId
  readonly emptyObject: ValueId

  /** `textLength`: of a text whose values come in, so that there is room. */
  constructor(textLength = 0) {
    this.#pairs = new PairMap(Math.min(pairsExpectedMax, textLength >> 3))
    this.emptyArray = this.#pairs.idOf(-1, 0) * 4 + pairType
    this.emptyObject = this.#pairs.idOf(-1, 1) * 4 + pairType
  }

  string(text: string): ValueId {
    let id = this.#strings.get(text)
    if (id === undefined) {
      id = this.#stringTexts.push(text) * 4 - 4 + stringType
      this.#strings.set(text, id)
    }
    return id
  }

  /** The id of a number, a boolean or null, by its canonical text. */
  other(text: string): ValueId {
    let id = this.#others.get(text)
    if (id === undefined) {
      id = this.#otherTexts.push(text) * 4 - 4 + otherType
      this.#others.set(text, id)
    }
    return id
  }

  /** The id of a whole number from 0 to below `integersMax`. */
  integer(integer: number): ValueId {
    const known = this.#integers[integer]!
    if (known > 0) return known - 1
    const id = this.other(String(integer))
    this.#integers[integer] = id + 1
    return id
  }

  /** The id of an array of the elements from `first` on. */
  array(elements: readonly ValueId[], first = 0): ValueId {
    let id = this.emptyArray
    for (let i = first; i < elements.length; i++) id = this.#pair(id, elements[i]!)
    return id
  }

  /** The id of an object of the members from `first` on; null where two keys are equal. */
  object(keys: readonly ValueId[], elements: readonly ValueId[], first = 0): ValueId | null {
    const order = sortedOrder(keys, first)
    let id = this.emptyObject
    for (let i = first; i < elements.length; i++) {
      const at = order === null ? i : order[i - first]!
      const key = keys[at]!
      if (order !== null && i > first && key === keys[order[i - first - 1]!]) return null
      id = this.#pair(this.#pair(id, key), elements[at]!)
    }
    return id
  }

  isString(id: ValueId): boolean {
    return (id & 3) === stringType
  }

  isScalar(id: ValueId): boolean {
    return (id & 3) < pairType
  }

  /** The canonical text of a scalar. */
  text(id: ValueId): string {
    return (id & 3) === stringType ? this.#stringTexts[id >> 2]! : this.#otherTexts[id >> 2]!
  }

  #pair(first: ValueId, second: ValueId): ValueId {
    return this.#pairs.idOf(first, second) * 4 + pairType
  }
}

/** Null where they are sorted as they stand: mostly, since the numbers of keys rise as the keys were first met. */
function sortedOrder(keys: readonly ValueId[], first: number): number[] | null {
  for (let i = first + 1; i < keys.length; i++) {
    if (keys[i]! > keys[i - 1]!) continue
    const order = Array.from({ length: keys.length - first }, (_, at) => first + at)
    return order.sort((a, b) => keys[a]! - keys[b]!)
  }
  return null
}

/** Pairs of integers to numbers that count up from 0: open addressing, since a Map needs boxed doubles for keys. */
class PairMap {
  /** Number + 1, 0 where there is none; never more than half full. */
  #slots: Int32Array
  #firsts: Int32Array
  #seconds: Int32Array
  #size = 0

  constructor(expected: number) {
    const most = 2 ** Math.ceil(Math.log2(Math.max(1 << 11, expected)))
    this.#slots = new Int32Array(2 * most)
    this.#firsts = new Int32Array(most)
    this.#seconds = new Int32Array(most)
  }

  idOf(first: number, second: number): number {
    const [slots, firsts, seconds] = [this.#slots, this.#firsts, this.#seconds]
    const mask = slots.length - 1
    let slot = mix(first, second) & mask
    for (let id = slots[slot]! - 1; id !== -1; id = slots[slot]! - 1) {
      if (firsts[id] === first && seconds[id] === second) return id
      slot = (slot + 1) & mask
    }
    const id = this.#size++
    slots[slot] = id + 1
    firsts[id] = first
    seconds[id] = second
    if (this.#size === firsts.length) this.#grow()
    return id
  }

  #grow(): void {
    this.#firsts = doubled(this.#firsts)
    this.#seconds = doubled(this.#seconds)
    this.#slots = new Int32Array(this.#slots.length * 2)
    const mask = this.#slots.length - 1
    for (let id = 0; id < this.#size; id++) {
      let slot = mix(this.#firsts[id]!, this.#seconds[id]!) & mask
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
      this.#slots[slot] = id + 1
    }
  }
}

function mix(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second ^ 0x55555555, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)
  return (hash ^ (hash >>> 13)) >>> 0
}

export function doubled(numbers: Int32Array): Int32Array {
  const larger = new Int32Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}
