// Floating-point numbers as text. A 32-bit one gets the fewest digits that name it among its kind, where MySQL would send
// six of them; and all are spelled as PostgreSQL spells them, so that a number that goes from one to the other and back
// is the same text.

/** A 32-bit number in the fewest digits that give it back. */
export function float32Text(value: number): string {
  if (Object.is(value, -0)) return '-0'
  for (let digits = 1; digits < 9; digits++) {
    if (Math.fround(Number(value.toPrecision(digits))) === value)
      return spelled(value.toExponential(digits - 1), 6)
  }
  return spelled(value.toExponential(8), 6)
}

export function float64Text(value: number): string {
  return Object.is(value, -0) ? '-0' : spelled(value.toExponential(), 15)
}

/** `exponential` is '-1.25e+3'; from `wholeDigitsMax` digits before the point on it stays one. */
function spelled(exponential: string, wholeDigitsMax: number): string {
  const [, sign, first, rest = '', power] = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(exponential)!
  const exponent = Number(power)
  const digits = `${first}${rest}`.replace(/0+$/, '') || '0'
  if (exponent < -4 || exponent >= wholeDigitsMax) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : ''
    return `${sign}${digits[0]}${fraction}e${power![0]}${power!.slice(1).padStart(2, '0')}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const fraction = digits.slice(exponent + 1)
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
