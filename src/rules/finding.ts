// One rule while it is checked: every row that breaks it is counted, the first are kept.
import type { RuleLevel } from '../dataset/interface.ts'
import type { Path } from '../files/interface.ts'
import { cellValue } from '../table/cell.ts'
import { stringifyExact } from '../table/exact-json.ts'
import type { Cell, Column, Value } from '../table/interface.ts'
import { keyValues } from '../table/rows.ts'
import type { Table } from '../table/table.ts'
import type { BrokenRule, RuleName, Violation } from './interface.ts'

const shownCharsMax = 1000

export interface RulePlace {
  readonly path: Path
  readonly column: string | null
  readonly rule: RuleName
  readonly level: RuleLevel
  readonly expected: string
}

export class Finding {
  readonly #place: RulePlace
  readonly #table: Table
  readonly #type: Column['type']
  readonly #limit: number
  readonly #violations: Violation[] = []
  #count = 0
  #isAtLeast = false

  constructor(place: RulePlace, table: Table, limit: number) {
    this.#place = place
    this.#table = table
    this.#type = table.schema.columns.find(({ name }) => name === place.column)?.type ?? 'text'
    this.#limit = limit
  }

  /** `key` and the cell may be views of memory that is used again. */
  add(key: Uint8Array, cell: Cell, sameAs?: Uint8Array): void {
    this.#count += 1
    if (this.#violations.length >= this.#limit) return
    const { shape } = this.#table
    this.#violations.push({
      key: keyValues(shape, key).map(shown),
      value: shown(cellValue(cell, this.#type)),
      ...(sameAs === undefined ? {} : { sameAs: keyValues(shape, sameAs).map(shown) }),
    })
  }

  isNotComplete(): void {
    this.#isAtLeast = true
  }

  /** What breaks the rule; null when it is kept. */
  result(): BrokenRule | null {
    if (this.#count === 0) return null
    return {
      ...this.#place,
      keyColumns: this.#table.shape.keys.map(({ name }) => name),
      count: this.#count,
      isAtLeast: this.#isAtLeast,
      violations: this.#violations,
    }
  }
}

/** A broken rule about a table as a whole, which is broken only once. */
export function brokenTable(place: Omit<RulePlace, 'level'> & { level?: RuleLevel }): BrokenRule {
  return { level: 'error', ...place, keyColumns: [], count: 1, isAtLeast: false, violations: [] }
}

function shown(value: Value): Value {
  if (typeof value === 'string') return cut(value)
  if (value instanceof Uint8Array)
    return value.length > shownCharsMax ? value.slice(0, shownCharsMax) : value.slice()
  if (typeof value !== 'object' || value === null) return value
  const text = stringifyExact(value)
  return text.length > shownCharsMax ? cut(text) : value
}

function cut(text: string): string {
  return text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text
}
