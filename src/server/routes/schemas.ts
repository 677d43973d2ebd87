// The shapes of what goes over the wire, as JSON Schema: the OpenAPI document shows them, and the tests hold every answer
// against them.
import type { Answer, Parameter, Route, Schema } from '../interface.ts'

export type AnswerSet = Route['answers']

export type ComponentName =
  | 'Branch'
  | 'Check'
  | 'Commit'
  | 'Entry'
  | 'Error'
  | 'FileChange'
  | 'Hunk'
  | 'Protection'
  | 'RefUpdate'
  | 'Repository'
  | 'RowChange'
  | 'RowCommit'
  | 'Rows'
  | 'Tag'
  | 'ValueChange'

const text: Schema = { type: 'string' }
const count: Schema = { type: 'integer', minimum: 0 }
export const idSchema: Schema = { type: 'string', pattern: '^[0-9a-f]{64}$' }
export const idOrNullSchema: Schema = { type: ['string', 'null'], pattern: '^[0-9a-f]{64}$' }
/** Where the next page goes on; null on the last. */
export const cursorSchema: Schema = { type: ['string', 'null'] }
/** How a branch is protected. */
export const protectSchema: Schema = { type: ['string', 'null'], enum: ['fast-forward', null] }

export function object(
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', properties, required, additionalProperties: false }
}

export function listOf(items: Schema): Schema {
  return { type: 'array', items }
}

export function oneOf(...values: readonly string[]): Schema {
  return { type: 'string', enum: values }
}

export function reference(name: ComponentName): Schema {
  return { $ref: `#/components/schemas/${name}` }
}

const signature = object({
  name: text,
  email: text,
  timeMs: { type: 'integer' },
  zoneMinutes: { type: 'integer' },
})
const state = oneOf('added', 'modified', 'deleted', 'renamed', 'typechange')
const commit = {
  id: idSchema,
  cid: text,
  parents: listOf(idSchema),
  tree: idSchema,
  author: signature,
  committer: signature,
  message: text,
  refs: listOf(text),
  extra: { type: 'object' },
  shallow: { type: 'boolean' },
}
/** int64 and decimals as text where a number could not hold them, bytes as base64. */
const value: Schema = {}
const row: Schema = { type: ['object', 'null'], additionalProperties: value }

export const components: Readonly<Record<ComponentName, Schema>> = {
  Error: object({
    error: object({ code: text, message: text, hint: text, data: { type: 'object' } }, ['hint', 'data']),
  }),
  Repository: object(
    {
      name: text,
      branch: { type: ['string', 'null'] },
      branches: count,
      tags: count,
      sequence: count,
      error: text,
    },
    ['error'],
  ),
  Branch: object({ name: text, commit: idSchema, subject: text, current: { type: 'boolean' } }),
  Tag: object({ name: text, commit: idSchema, annotated: { type: 'boolean' }, message: text }),
  Commit: object({ ...commit, paths: listOf(text) }, ['shallow', 'paths']),
  Entry: object({
    path: text,
    kind: oneOf('file', 'table', 'symlink', 'folder'),
    executable: { type: 'boolean' },
    size: count,
    id: text,
  }),
  Rows: object({
    commit: idSchema,
    path: text,
    columns: listOf(object({ name: text, type: text })),
    key: listOf(text),
    count,
    rows: listOf({ type: 'object', additionalProperties: value }),
    cursor: cursorSchema,
  }),
  FileChange: object(
    {
      path: text,
      state,
      from: text,
      kind: oneOf('table', 'text', 'binary', 'symlink'),
      table: text,
      note: text,
      rows: object({ added: count, removed: count, changed: count, cells: count }),
      lines: object({ added: count, removed: count }),
      sizeBefore: { type: ['integer', 'null'] },
      sizeAfter: { type: ['integer', 'null'] },
    },
    ['from', 'table', 'note', 'rows', 'lines'],
  ),
  RowChange: object({
    kind: oneOf('added', 'removed', 'changed'),
    key: listOf(value),
    before: row,
    after: row,
    cells: listOf(object({ column: text, before: value, after: value })),
  }),
  RowCommit: object({ ...commit, path: text, keyColumns: listOf(text), change: reference('RowChange') }, [
    'shallow',
  ]),
  Hunk: object({ oldStart: count, oldLines: count, newStart: count, newLines: count, lines: listOf(text) }),
  ValueChange: object({
    kind: oneOf('added', 'removed', 'changed', 'reordered'),
    path: text,
    before: { type: ['string', 'null'] },
    after: { type: ['string', 'null'] },
  }),
  Check: object({
    name: text,
    state: oneOf('pending', 'success', 'failure'),
    summary: text,
    by: text,
    timeMs: { type: 'integer' },
  }),
  RefUpdate: object({
    ref: text,
    before: idOrNullSchema,
    after: idOrNullSchema,
    forced: { type: 'boolean' },
  }),
  Protection: object({
    branch: text,
    protect: protectSchema,
    requireChecks: listOf(text),
  }),
}

export function json(about: string, schema: Schema): Answer {
  return { about, content: { 'application/json': schema } }
}

export function binary(about: string): Answer {
  return { about, content: { 'application/octet-stream': {} } }
}

export function items(name: ComponentName): Schema {
  return object({ items: listOf(reference(name)) })
}

export function pageOfItems(name: ComponentName): Schema {
  return object({ items: listOf(reference(name)), cursor: cursorSchema })
}

export const notFound: Answer = { about: 'there is no such thing, or not for this token' }

/** Letters, digits, '.', '_' and '-', the first no '.' or '-', the last no '.'. */
export const repositoryName: Schema = {
  type: 'string',
  pattern: '^[A-Za-z0-9_]([A-Za-z0-9._-]{0,98}[A-Za-z0-9_-])?$',
}

/** The name of a check. */
export const checkName: Schema = { type: 'string', pattern: '^[A-Za-z0-9_./-]{1,100}$' }

export const repoParameter: Parameter = {
  name: 'repo',
  in: 'path',
  about: 'name of the repository',
  required: true,
  schema: repositoryName,
}

export function textParameter(name: string, about: string): Parameter {
  return { name, in: 'query', about, schema: text }
}

export const revisionParameter: Parameter = textParameter(
  'revision',
  'a branch, tag or commit; default: the current branch',
)

/** In an address a name of a thousand bytes may be three times as long, and cursors name them. */
export const cursorParameter: Parameter = {
  name: 'cursor',
  in: 'query',
  about: 'where the page before ended: the text that it gave',
  schema: { type: 'string', maxLength: 8000, minLength: 1, pattern: '^[A-Za-z0-9_-]+$' },
}

export function choiceParameter(name: string, about: string, ...values: readonly string[]): Parameter {
  return { name, in: 'query', about, schema: oneOf(...values) }
}

export function requiredText(name: string, about: string): Parameter {
  return { ...textParameter(name, about), required: true }
}

export function countParameter(name: string, about: string, maximum: number): Parameter {
  return { name, in: 'query', about, schema: { type: 'integer', minimum: 1, maximum } }
}

export function manyParameter(name: string, about: string): Parameter {
  return { name, in: 'query', about, schema: { type: 'array', items: text, maxItems: 100 } }
}
