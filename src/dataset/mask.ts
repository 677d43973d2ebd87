// The words for masks, as they stand in varve.yaml: `null`, `redact`, `hash`, `first(2)`, `last(4)`.
import type { Mask } from './interface.ts'

export const maskWords = "'null', 'redact', 'hash', 'first(N)', 'last(N)'"

const charactersMax = 64

/** Reads a mask; null when there is no such mask. */
export function parseMask(word: string): Mask | null {
  if (word === 'null' || word === 'redact' || word === 'hash') return { kind: word }
  const [, kind, digits] = /^(first|last)\(([1-9][0-9]?)\)$/.exec(word) ?? []
  const characters = Number(digits)
  return kind === undefined || characters > charactersMax
    ? null
    : { kind: kind as 'first' | 'last', characters }
}

/** The mask as it is written in varve.yaml. */
export function maskText(mask: Mask): string {
  return 'characters' in mask ? `${mask.kind}(${mask.characters})` : mask.kind
}
