// The functions of SQLite of which is known what a result by parts asks of them: the same for the same arguments, whatever
// the order of rows and the plan. What is not named here has the whole query run.

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(' '))
}

/** Functions that never fail, so it does not matter for which rows a plan happens to call them. */
export const anywhere: ReadonlySet<string> = words(
  'lower upper trim ltrim rtrim substr substring length octet_length instr hex unicode char typeof ' +
    'quote coalesce ifnull iif if nullif concat concat_ws round ceil ceiling floor trunc sqrt pow power ' +
    'exp ln log log2 log10 mod sign json_valid date time datetime julianday unixepoch strftime min max',
)

/**
 * Functions that may fail, on a number too small or on broken JSON: allowed only where every plan calls them for the
 * same rows.
 */
export const inResults: ReadonlySet<string> = words(
  'abs replace printf format unhex json json_extract json_type json_array_length json_array json_object ' +
    'json_quote',
)

export const aggregates: ReadonlySet<string> = words(
  'count sum total avg min max group_concat string_agg json_group_array json_group_object',
)

/** Aggregates that do not depend on the order of rows. Of equal values, SQLite gives the first for min and max. */
export const orderless: ReadonlySet<string> = words('count min max')

/** Functions that give text, integers or NULL: two equal values of these are also the same. */
export const exact: ReadonlySet<string> = words(
  'lower upper trim ltrim rtrim substr substring length octet_length instr hex unicode char typeof ' +
    'quote concat concat_ws sign json_valid date time datetime strftime',
)

/** Give one of their arguments. */
export const passing: ReadonlySet<string> = words('coalesce ifnull iif if nullif min max')

/** For each function, the place of its first modifier; the argument before that is the time. */
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

/** Operators that give a real or an integer, as it comes: 1 and 1.0 are equal, but not the same. */
export const inexactOperators: ReadonlySet<string> = words(
  'Add Subtract Multiply Divide Modulus ArrowRightShift',
)

export const unaryOperators: Readonly<Record<string, string>> = {
  BitwiseNot: '~',
  Negative: '-',
  Not: 'NOT',
  Positive: '+',
}
