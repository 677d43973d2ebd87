// Random changes of a decoded dag-cbor value, and the numbers they are drawn from.
import type { CID } from 'multiformats/cid'
import { CID as AnyCid } from 'multiformats/cid'

/** Draws from a seed (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  below(count: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % count
  }

  one<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  some<T>(items: readonly T[], count: number): T[] {
    return Array.from({ length: count }, () => this.one(items))
  }
}

type Container = unknown[] | Record<string, unknown>

/** One place of `value` becomes something else; `value` itself is changed. */
export function changedValue(
  value: unknown,
  links: readonly CID[],
  random: Random,
): { value: unknown; what: string } {
  if (random.below(20) === 0) return { value: replacement(value, links, random), what: 'all of it' }
  const places: { in: Container; at: string | number; path: string }[] = []
  collect(value, '', places)
  const place = random.one(places)
  const holder = place.in as Record<string | number, unknown>
  if (Array.isArray(place.in) && random.below(4) === 0) {
    const how = random.one(['drop', 'double', 'turn'])
    if (how === 'drop') place.in.splice(place.at as number, 1)
    if (how === 'double') place.in.splice(place.at as number, 0, place.in[place.at as number])
    if (how === 'turn') place.in.reverse()
    return { value, what: `${how} ${place.path}` }
  }
  if (!Array.isArray(place.in) && random.below(6) === 0) {
    delete holder[place.at]
    return { value, what: `without ${place.path}` }
  }
  const now = replacement(holder[place.at], links, random)
  holder[place.at] = now
  return { value, what: `${place.path} = ${shown(now)}` }
}

function collect(
  value: unknown,
  path: string,
  into: { in: Container; at: string | number; path: string }[],
): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || AnyCid.asCID(value))
    return
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value)
  for (const at of keys) {
    into.push({ in: value as Container, at, path: `${path}/${at}` })
    collect((value as Record<string | number, unknown>)[at], `${path}/${at}`, into)
  }
}

const numbers = [
  0,
  1,
  2,
  3,
  23,
  24,
  255,
  1024,
  65_536,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  -1,
  -(2 ** 31),
  1.5,
  -0.5,
  1e300,
  2n ** 63n,
  2n ** 64n - 1n,
  -(2n ** 63n),
]
const texts = [
  '',
  '..',
  '.',
  '/',
  '../evil',
  '.varve',
  '\0',
  '\u001b[31mevil',
  'a\nb',
  '__proto__',
  'constructor',
  'é'.repeat(3000),
  'x'.repeat(70_000),
  '$&',
  'csv',
  'refs/heads/main',
]

function replacement(before: unknown, links: readonly CID[], random: Random): unknown {
  if (before instanceof Uint8Array && random.below(4) > 0) return changedBytes(before, random)
  if (typeof before === 'number' && random.below(3) === 0) return before + random.one([1, -1, 7, -7])
  if (typeof before === 'number' && random.below(2) === 0) return random.one(numbers)
  if (typeof before === 'string' && random.below(3) > 0) return random.one(texts)
  if (AnyCid.asCID(before) && random.below(3) > 0) return random.one(links)
  const kind = random.below(8)
  if (kind === 0) return random.one(numbers)
  if (kind === 1) return random.one(texts)
  if (kind === 2) return random.one(links)
  if (kind === 3) return random.one<unknown>([null, true, false])
  if (kind === 4) return random.one<unknown>([[], {}, [[]], [null], { v: 1 }])
  if (kind === 5) return new Uint8Array(random.one([0, 1, 36, 1000, 70_000])).fill(random.below(256))
  if (kind === 6) return nested(random.one([10, 63, 200]))
  return Array.from({ length: random.one([10, 1000, 20_000]) }, () => 0)
}

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

function changedBytes(before: Uint8Array, random: Random): Uint8Array {
  const bytes = Uint8Array.from(before)
  const how = random.below(6)
  if (how === 0 || bytes.length === 0) return Uint8Array.of(random.below(256), ...bytes)
  const at = random.below(bytes.length)
  if (how === 1) return bytes.slice(0, at)
  if (how === 2) return Uint8Array.from([...bytes, ...bytes.slice(at)])
  if (how === 3) bytes[at]! ^= 1 << random.below(8)
  if (how === 4) bytes[at] = 255
  if (how === 5) bytes.reverse()
  return bytes
}

function shown(value: unknown): string {
  const text =
    value instanceof Uint8Array
      ? `${value.length} bytes`
      : typeof value === 'bigint'
        ? String(value)
        : JSON.stringify(value)
  return (text ?? String(value)).slice(0, 60)
}
