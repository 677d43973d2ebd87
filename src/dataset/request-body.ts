// The body with which an API is asked, and the places in it that take a value: 'variables.after', or 'must.0.gte' in a list.
// A value is put where it belongs in the JSON, never into a text, so that nothing that an API answers can become more than
// a value of the next question.
import { isMap, isScalar, isSeq } from 'yaml'
import type { JsonValue } from '../table/interface.ts'
import { type FaultAt, nameOf } from './document.ts'
import type { HttpTable } from './interface.ts'

/** The JSON that YAML describes. @throws the fault of a value that JSON has not */
export function bodyOf(node: unknown, fault: FaultAt): JsonValue {
  if (isSeq(node)) return node.items.map((item) => bodyOf(item, fault))
  if (isMap(node)) {
    return Object.fromEntries(
      node.items.map(({ key, value }) => {
        const name = nameOf(key)
        if (name === null) throw fault(key ?? node, "a property of 'body' has no name")
        return [name, bodyOf(value, fault)]
      }),
    )
  }
  const value = isScalar(node) ? node.value : undefined
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value) && !isRounded(value)) return value
  throw fault(node, "'body' has a value that cannot be sent as JSON", 'write it as text, in quotes')
}

function isRounded(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value)
}

/** What lies at a place; undefined: nothing. */
export function valueAt(body: JsonValue, place: string): JsonValue | undefined {
  return place
    .split('.')
    .reduce<JsonValue | undefined>((at, name) => (at === undefined ? at : memberOf(at, name)), body)
}

function memberOf(value: JsonValue, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Readonly<Record<string, JsonValue>>)[name]
}

/** @throws the fault of a place to which the body has no way, or of two of which one lies in the other */
export function checkPlaces(
  node: unknown,
  { table, body, parameter, since }: HttpTable,
  fault: FaultAt,
): void {
  if (body === undefined) return
  for (const [setting, place] of Object.entries({ parameter, since })) {
    if (place !== undefined && !isReachable(body, place.split('.')))
      throw fault(
        node,
        `'${setting}: ${place}' of '${table}' leads to no place in its 'body'`,
        "name properties from the outermost on, as in 'variables.after', and elements of lists by their number",
      )
  }
  const isNested = (one: string, other: string): boolean => `${other}.`.startsWith(`${one}.`)
  if (parameter !== undefined && since !== undefined)
    if (isNested(parameter, since) || isNested(since, parameter))
      throw fault(node, `'since' and 'parameter' of '${table}' are one place in its 'body'`)
}

/** Properties that are not there yet are made; elements of a list are not. */
function isReachable(value: JsonValue | undefined, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return true
  if (name === '') return false
  if (value === undefined || value === null) return isReachable(undefined, rest)
  if (typeof value !== 'object') return false
  const member = memberOf(value, name)
  if (Array.isArray(value) && (member === undefined || name === 'length')) return false
  return isReachable(member, rest)
}

/** The body as it is sent: with values, which are JSON, at some of its places. */
export function bodyText(body: JsonValue, values: ReadonlyMap<string, string>): string {
  return written(
    body,
    [...values].map(([place, json]) => ({ path: place.split('.'), json })),
  )
}

interface Placed {
  readonly path: readonly string[]
  readonly json: string
}

function written(value: JsonValue | undefined, placed: readonly Placed[]): string {
  if (placed.length === 0) return JSON.stringify(value ?? null)
  const here = placed.find(({ path }) => path.length === 0)
  if (here !== undefined) return here.json
  const below = (name: string): Placed[] =>
    placed.flatMap(({ path, json }) => (path[0] === name ? [{ path: path.slice(1), json }] : []))
  if (Array.isArray(value)) return `[${value.map((one, i) => written(one, below(String(i)))).join(',')}]`
  const object = (value ?? {}) as Readonly<Record<string, JsonValue>>
  const names = new Set([...Object.keys(object), ...placed.map(({ path }) => path[0]!)])
  const members = [...names].map(
    (name) => `${JSON.stringify(name)}:${written(memberOf(object, name), below(name))}`,
  )
  return `{${members.join(',')}}`
}
