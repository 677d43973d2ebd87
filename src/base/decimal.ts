// Decimal numbers of any number of digits, as text.

const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?$/

/** One spelling for all spellings of a decimal number. */
export function canonicalNumber(raw: string): string {
  if (plainNumber.test(raw)) return raw
  const [, sign, whole, fraction = '', power = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(raw)!
  if (power.length > 9) return raw
  const digits = (whole! + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return `${sign}0`
  const exponent = Number(power) - fraction.length + digits.length - significant.length
  if (exponent >= 0 && exponent <= 40) return sign + significant + '0'.repeat(exponent)
  if (exponent < 0 && exponent >= -40) {
    const padded = significant.padStart(1 - exponent, '0')
    return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`
  }
  return `${sign}${significant}e${exponent}`
}
