import { VarveError } from '../../base/errors.ts'
import type { GcOptions, GcReport } from '../interface.ts'
import type { DiskHome } from './home.ts'

export async function gcDisk(_home: DiskHome, _options: GcOptions): Promise<GcReport> {
  throw new VarveError('VARVE_NOT_POSSIBLE', 'this build cannot collect garbage')
}
