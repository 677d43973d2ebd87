// The functions of SQLite of which is known what a result by parts asks of them: the same for the same arguments, whatever
// the order of rows and the plan. What is not named here has the whole query run.

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '))
}

/** Never fail, so that it does not matter on which rows a plan happens to ask them. */
export const anywhere: ReadonlySet<string> = words(
  'lower upper trim ltrim rtrim substr substring length octet_length instr hex unicode char typeof ' +
    'quote coalesce ifnull iif if nullif concat concat_ws round ceil ceiling floor trunc sqrt pow power ' +
    'exp ln log log2 log10 mod sign json_valid date time datetime julianday unixepoch strftime min max',
)

/** May fail, on a number too small or JSON that is none: only where every plan asks them on the same rows. */
export const inResults: ReadonlySet<string> = words(
  'abs replace printf format unhex json json_extract json_type json_array_length json_array json_object ' +
    'json_quote',
)

export const aggregates: ReadonlySet<string> = words(
  'count sum total avg min max group_concat string_agg json_group_array json_group_object',
)

/** Aggregates for which the order of rows is nothing. SQLite gives min and max the first of what is equal. */
export const orderless: ReadonlySet<string> = words('count min max')

/** Give text, integers or NULL: of two such values that are equal both are the same. */
export const exact: ReadonlySet<string> = words(
  'lower upper trim ltrim rtrim substr substring length octet_length instr hex unicode char typeof ' +
    'quote concat concat_ws sign json_valid date time datetime strftime',
)

/** Give one of their arguments. */
export const passing: ReadonlySet<string> = words('coalesce ifnull iif if nullif min max')

/** By function: place of the first argument that is a modifier, the one before it being the time. */
export const ofTime: ReadonlyMap<string, number> = new Map([
  ...['date', 'time', 'datetime', 'julianday', 'unixepoch'].map((name) => [name, 1] as const),
  ['strftime', 2],
])

/** Asks for the clock or for the machine's time zone. */
export const asksForNow: RegExp = /now|local|utc/i

export const binaryOperators: Readonly<Record<string, string>> = {
  Add: '+',
  And: 'AND',
  ArrowRight: '->',
  ArrowRightShift: '->>',
  BitwiseAnd: '&',
  BitwiseOr: '|',
  Concat: '||',
  Divide: '/',
  Equals: '=',
  Greater: '>',
  GreaterEquals: '>=',
  Is: 'IS',
  IsNot: 'IS NOT',
  LeftShift: '<<',
  Less: '<',
  LessEquals: '<=',
  Modulus: '%',
  Multiply: '*',
  NotEquals: '<>',
  Or: 'OR',
  RightShift: '>>',
  Subtract: '-',
}

/** Give a real, or an integer, as it comes: 1 and 1.0 are equal and are not the same. */
export const inexactOperators: ReadonlySet<string> = words(
  'Add Subtract Multiply Divide Modulus ArrowRightShift',
)

export const unaryOperators: Readonly<Record<string, string>> = {
  BitwiseNot: '~',
  Negative: '-',
  Not: 'NOT',
  Positive: '+',
}
