// What a file's name says about its content.
import type { DocumentForm } from './interface.ts'

const forms: readonly (readonly [RegExp, DocumentForm])[] = [
  [/\.(csv|tsv|tab|psv)$/i, 'table'],
  [/\.(json|geojson|topojson|jsonld)$/i, 'json'],
  [/\.(yaml|yml)$/i, 'yaml'],
  [/\.(jsonl|ndjson|geojsonl|geojsons)$/i, 'jsonl'],
]

export function formOf(name: string): DocumentForm {
  return forms.find(([ending]) => ending.test(name))?.[1] ?? 'text'
}

/** Whether versions of it can be compared value by value. */
export function isMadeOfValues(name: string): boolean {
  return ['json', 'jsonl', 'yaml'].includes(formOf(name))
}
