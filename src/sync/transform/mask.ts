// Masks: what is stored instead of a value that must not be. They work before anything is written anywhere.
import { VarveError } from '../../base/errors.ts'
import { toHex } from '../../base/bytes.ts'
import { hmacSha256Hex } from '../../base/platform.ts'
import type { Mask } from '../../dataset/interface.ts'
import { cellText, nullCell, textCell } from '../../table/cell.ts'
import type { Cell, ColumnType } from '../../table/interface.ts'

export const secretVariable = 'VARVE_MASK_SECRET'
const secretCharactersMin = 16
const hashCharacters = 32
const redacted = textCell('[redacted]')

export interface CellMask {
  readonly type: ColumnType
  apply(cell: Cell): Cell
}

/** @throws VarveError VARVE_REFUSED where a secret is needed and there is none, or a short one */
export function cellMaskOf(mask: Mask, type: ColumnType, secret: string | undefined): CellMask {
  switch (mask.kind) {
    case 'null':
      return { type, apply: () => nullCell }
    case 'redact':
      return { type: 'text', apply: (cell) => (isEmpty(cell) ? cell : redacted) }
    case 'hash':
      return { type: 'text', apply: hashing(secret) }
    case 'first':
    case 'last':
      return { type: 'text', apply: (cell) => (isEmpty(cell) ? cell : textCell(part(textOf(cell), mask))) }
  }
}

/** HMAC-SHA-256 (RFC 2104), cut to 128 bits: without the secret, trying all phone numbers leads nowhere. */
function hashing(secret: string | undefined): (cell: Cell) => Cell {
  if (secret === undefined || secret.length < secretCharactersMin) {
    throw new VarveError(
      'VARVE_REFUSED',
      `the mask 'hash' needs a secret of at least ${secretCharactersMin} characters`,
      {
        data: { variable: secretVariable },
        hint: `set ${secretVariable} in the environment, to the same text each time: 'openssl rand -hex 32' makes one`,
      },
    )
  }
  return (cell) => {
    if (isEmpty(cell)) return cell
    return textCell(hmacSha256Hex(secret, textOf(cell)).slice(0, hashCharacters))
  }
}

function part(text: string, { kind, characters }: Extract<Mask, { characters: number }>): string {
  const all = Array.from(text)
  // Where all of it would be shown, none of it is.
  if (all.length <= characters) return '*'.repeat(all.length)
  const stars = '*'.repeat(all.length - characters)
  return kind === 'first'
    ? all.slice(0, characters).join('') + stars
    : stars + all.slice(-characters).join('')
}

function isEmpty({ kind }: Cell): boolean {
  return kind === 'null' || kind === 'absent'
}

function textOf(cell: Cell): string {
  if (cell.kind === 'true' || cell.kind === 'false') return cell.kind
  return cell.kind === 'bytes' ? toHex(cell.bytes) : cellText(cell)
}
