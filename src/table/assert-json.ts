// What JSON would drop or change without a word is refused: numbers that are none, functions, symbols, and objects
// whose content it does not see, such as maps, sets and bytes.
const kept: ReadonlySet<string> = new Set(['Object', 'Array', 'String', 'Number', 'Boolean', 'BigInt'])

/** @throws TypeError for what JSON cannot say; a circle is left to the writer */
export function assertJson(value: unknown): void {
  if (typeof value === 'number') assertFinite(value)
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new TypeError(`a cell cannot hold a ${typeof value}`)
  if (typeof value !== 'object' || value === null) return
  // A date, for example, says itself how it is written.
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return
  const name = Object.prototype.toString.call(value).slice('[object '.length, -1)
  if (!kept.has(name)) throw new TypeError(`a cell of JSON cannot hold an object of kind ${name}`)
  for (const item of Object.values(value)) assertJson(item)
}

export function assertFinite(value: number): void {
  if (!Number.isFinite(value)) throw new TypeError(`a cell cannot hold ${value}`)
}
