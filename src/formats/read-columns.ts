// The columns of a file that nobody has declared: names in their order, and types as their cells look.
import { formatNamed } from './formats.ts'
import type { FileColumn, ReadColumnsOptions } from './interface.ts'
import { Slicer } from './slicer.ts'

/** @throws VarveError VARVE_RULE_VIOLATED with {path, line}; NotATable */
export async function readColumns(
  source: AsyncIterable<Uint8Array>,
  options: ReadColumnsOptions,
): Promise<readonly FileColumn[]> {
  const slicer = new Slicer(source, options.signal)
  try {
    return await formatNamed(options.format).columns(slicer, options)
  } finally {
    await slicer.close()
  }
}
