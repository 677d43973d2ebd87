// xxHash32, as its specification says it.
const p1 = 2_654_435_761
const p2 = 2_246_822_519
const p3 = 3_266_489_917
const p4 = 668_265_263
const p5 = 374_761_393

const turn = (value: number, by: number): number => ((value << by) | (value >>> (32 - by))) >>> 0
const round = (lane: number, word: number): number =>
  Math.imul(turn((lane + Math.imul(word, p2)) >>> 0, 13), p1)

export function xxh32(bytes: Uint8Array, seed: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  let hash = (seed + p5) >>> 0
  if (bytes.length >= 16) {
    const lanes = [seed + p1 + p2, seed + p2, seed, seed - p1].map((lane) => lane >>> 0)
    for (; at + 16 <= bytes.length; at += 16)
      for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i]!, view.getUint32(at + 4 * i, true)) >>> 0
    hash = turn(lanes[0]!, 1) + turn(lanes[1]!, 7) + turn(lanes[2]!, 12) + turn(lanes[3]!, 18)
  }
  hash = (hash + bytes.length) >>> 0
  for (; at + 4 <= bytes.length; at += 4)
    hash = Math.imul(turn((hash + Math.imul(view.getUint32(at, true), p3)) >>> 0, 17), p4) >>> 0
  for (; at < bytes.length; at++)
    hash = Math.imul(turn((hash + Math.imul(bytes[at]!, p5)) >>> 0, 11), p1) >>> 0
  hash = Math.imul(hash ^ (hash >>> 15), p2)
  hash = Math.imul(hash ^ (hash >>> 13), p3)
  return (hash ^ (hash >>> 16)) >>> 0
}
