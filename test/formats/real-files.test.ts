// Files of real repositories, where the machine has them: each comes back byte for byte or is refused with a reason.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isVarveError } from '../../src/base/errors.ts'
import { NotATable } from '../../src/formats/not-a-table.ts'
import { read, rendered } from './round-trip.ts'

const folder = process.env['VARVE_MERGES'] ?? new URL('../../../shared/data/merges', import.meta.url).pathname
const files = existsSync(folder)
  ? readdirSync(folder, { recursive: true })
      .map(String)
      .filter((path) => /\.(csv|tsv)$/.test(path))
  : []

test.skipIf(files.length === 0)(
  'real CSV and TSV files come back byte for byte (skipped where the folder with real merges is not there)',
  { timeout: 300_000 },
  async () => {
    const outcomes = { table: 0, fault: 0, none: 0 }
    // Every 29th file: a sample of all repositories.
    for (const path of files.filter((_, i) => i % 29 === 0)) {
      const bytes = new Uint8Array(readFileSync(`${folder}/${path}`))
      const format = path.endsWith('.tsv') ? 'tsv' : 'csv'
      const head = new TextDecoder().decode(bytes.subarray(0, 5000)).replace('\ufeff', '').split(/\r?\n/)[0]!
      const names = head.split(format === 'tsv' ? '\t' : ',').map((name) => name.replace(/^"|"$/g, ''))
      let outcome: keyof typeof outcomes = 'fault'
      for (const key of [[names[0]!], [names[1] ?? ''], names.slice(0, 2), names.slice(0, 4)]) {
        const result = await read(bytes, { format, key }).catch((error: unknown) => error)
        if (result instanceof NotATable) outcome = 'none'
        else if (isVarveError(result, 'VARVE_RULE_VIOLATED')) continue
        else if (result instanceof Error) throw result
        else {
          const { nodes, table } = result as Awaited<ReturnType<typeof read>>
          expect(Buffer.compare(await rendered(nodes, table), bytes), path).toBe(0)
          outcome = 'table'
        }
        break
      }
      outcomes[outcome]++
    }
    console.log(outcomes)
    expect(outcomes.table).toBeGreaterThan(0)
  },
)
