// What other databases answer and a query here cannot be: statements that write, that list tables, or that name a version
// in words of their own. SQLite's message would name a word in the middle, or a table called 'show'.
import { VarveError } from '../base/errors.ts'

const others: readonly [form: RegExp, fault: string, hint: string][] = [
  [
    /^\s*(insert|update|delete|replace|create|alter|drop|truncate|merge|begin|commit)\b/i,
    'a query only reads',
    "change rows in the table's file, or with 'varve import', then 'varve commit -a'",
  ],
  [/^\s*show\s+tables\b/i, "'SHOW TABLES' is no query", "'varve ls' lists files and tables"],
  [
    /^\s*(show|desc|describe|explain|pragma)\b/i,
    'a query is one SELECT',
    "for a table's columns: 'varve sql \"SELECT * FROM people LIMIT 1\"'",
  ],
  [
    /\bas\s+of\s+["'(]/i,
    "'AS OF' is not known",
    'the version belongs to the name: \'SELECT * FROM "people@v1"\'; --at REV is for all tables',
  ],
]

/** Null: it is nothing of the kind. */
export function noStatement(sql: string, cause?: unknown): VarveError | null {
  const found = others.find(([form]) => form.test(sql))
  if (found === undefined) return null
  const [, fault, hint] = found
  return new VarveError('VARVE_USAGE', `the query cannot be run: ${fault}`, { hint, cause })
}
