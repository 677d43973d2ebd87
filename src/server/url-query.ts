// The parameters of a request, read by what the route declares: a name that is not declared, a number out of bounds or a
// text too long is refused before the route's own code sees it.
import { VarveError } from '../base/errors.ts'
import type { Parameter } from './interface.ts'

const textLengthMax = 4096
const valuesMax = 100

export class Query {
  readonly #values: ReadonlyMap<string, readonly string[]>

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values
  }

  /** @throws VarveError VARVE_USAGE */
  static read(search: string, parameters: readonly Parameter[]): Query {
    const declared = new Map(parameters.filter((one) => one.in === 'query').map((one) => [one.name, one]))
    const values = new Map<string, string[]>()
    for (const [name, value] of new URLSearchParams(search)) {
      const parameter = declared.get(name)
      if (parameter === undefined) throw unknown(name, [...declared.keys()])
      const known = values.get(name) ?? []
      if (known.length > 0 && parameter.schema['type'] !== 'array') throw usage(`'${name}' is given twice`)
      if (known.length >= valuesMax) throw usage(`'${name}' is given too often`)
      checkValue(parameter, value)
      values.set(name, [...known, value])
    }
    const missing = [...declared.values()].find((one) => one.required === true && !values.has(one.name))
    if (missing !== undefined) throw usage(`'${missing.name}' is missing`)
    return new Query(values)
  }

  text(name: string): string | undefined {
    return this.#values.get(name)?.[0]
  }

  /** The value of a parameter that is declared as required. */
  required(name: string): string {
    return this.#values.get(name)![0]!
  }

  number(name: string): number | undefined {
    const text = this.text(name)
    return text === undefined ? undefined : Number(text)
  }

  list(name: string): readonly string[] | undefined {
    return this.#values.get(name)
  }
}

function checkValue({ name, schema }: Parameter, value: string): void {
  if (value.length > Number(schema['maxLength'] ?? textLengthMax)) throw usage(`'${name}' is too long`)
  if (schema['type'] === 'integer') {
    const [least, most] = [
      Number(schema['minimum'] ?? 0),
      Number(schema['maximum'] ?? Number.MAX_SAFE_INTEGER),
    ]
    if (!/^\d{1,16}$/.test(value) || Number(value) < least || Number(value) > most)
      throw usage(`'${name}' is a whole number from ${least} to ${most}`)
  }
  const choices = schema['enum'] as readonly string[] | undefined
  if (choices?.includes(value) === false) throw usage(`'${name}' is one of ${choices.join(', ')}`)
}

function unknown(name: string, declared: readonly string[]): VarveError {
  const taken = declared.length === 0 ? 'none is taken' : `there are: ${declared.join(', ')}`
  return new VarveError('VARVE_USAGE', `there is no parameter '${name.slice(0, 100)}' here`, { hint: taken })
}

function usage(message: string): VarveError {
  return new VarveError('VARVE_USAGE', message, { hint: 'see /openapi.json' })
}
