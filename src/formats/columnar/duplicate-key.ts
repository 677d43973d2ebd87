// Two rows of one key, said by the rows in which they are.
import type { Schema } from '../../table/interface.ts'
import { keyText } from '../../table/key.ts'
import type { RowIntake } from '../intake.ts'
import { DuplicateKey } from '../runs.ts'
import { cellFault } from './faults.ts'

/** The error of an intake: of two rows with one key it says which they are, other errors stay as they are. */
export async function asDuplicate(
  error: unknown,
  { intake, schema, where }: { readonly intake: RowIntake; readonly schema: Schema; readonly where: string },
): Promise<unknown> {
  if (!(error instanceof DuplicateKey)) return error
  const [first, second] = await intake.placesOf(error.key)
  const words = `key '${keyText(schema, error.key)}' was used in row ${first! + 1} already`
  return cellFault('duplicate-key', words, { where, row: second! + 1 })
}
