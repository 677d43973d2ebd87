// Parquet's hybrid of run lengths and packed bits, which holds levels and places in a dictionary. The library's own
// reader trusts the lengths of runs; a flipped bit there would fill all memory, so this one is bounded by what is asked.

/** `count` numbers of `width` bits from bytes[start..end). @throws RangeError where the bytes do not hold them */
export function readHybrid(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: number,
  count: number,
): Uint32Array {
  if (width > 32) throw new RangeError('numbers of more than 32 bits')
  const values = new Uint32Array(count)
  let at = start
  let seen = 0
  while (seen < count) {
    let header = 0
    for (let shift = 0; ; shift += 7) {
      if (at >= end || shift > 28) throw new RangeError('levels or places end too early')
      const byte = bytes[at++]!
      header += (byte & 127) * 2 ** shift
      if (byte < 128) break
    }
    const length = Math.floor(header / 2)
    if (header % 2 === 0) {
      const bytesWide = (width + 7) >> 3
      if (length === 0 || length > count - seen || at + bytesWide > end)
        throw new RangeError('a run of levels or places is longer than its page')
      let value = 0
      for (let i = 0; i < bytesWide; i++) value += bytes[at++]! * 2 ** (8 * i)
      values.fill(value, seen, seen + length)
      seen += length
    } else {
      const wanted = Math.min(length * 8, count - seen)
      // Groups behind the last value are padding, whose bytes some writers leave out.
      if (length === 0 || at + Math.ceil((wanted * width) / 8) > end)
        throw new RangeError('packed levels or places are longer than their page')
      unpack(bytes, at, width, values, seen, wanted)
      at = Math.min(end, at + length * width)
      seen += wanted
    }
  }
  return values
}

function unpack(
  bytes: Uint8Array,
  start: number,
  width: number,
  values: Uint32Array,
  from: number,
  count: number,
): void {
  let bit = start * 8
  for (let i = from; i < from + count; i++) {
    let value = 0
    for (let got = 0; got < width;) {
      const within = bit & 7
      const take = Math.min(8 - within, width - got)
      value += ((bytes[bit >>> 3]! >>> within) & ((1 << take) - 1)) * 2 ** got
      got += take
      bit += take
    }
    values[i] = value
  }
}
