// What the process of a query does: it opens the repository for reading, answers, and gives the rows a part at a time, as
// they are asked for. Nothing of it may be trusted to end, or to stay small: whoever started it sees to that.
import { utf8 } from '../../base/bytes.ts'
import { VarveError, isVarveError } from '../../base/errors.ts'
import { boundSqlite } from '../../base/platform-sqlite.ts'
import type { QueryResult } from '../../query/interface.ts'
import { query } from '../../query/query.ts'
import { createContext } from '../../repo/context.ts'
import { DiskStore } from '../../store/disk/store.ts'
import { toJson } from '../../table/json.ts'
import { PublicStore } from '../public-store.ts'
import type { AskedProcess, SqlFault, SqlFormat, SqlHead } from './interface.ts'

interface Answer {
  readonly store: DiskStore
  readonly result: QueryResult
  readonly parts: AsyncIterator<Uint8Array>
}

const answers = new Map<string, Answer>()

export async function openAnswer(asked: AskedProcess): Promise<SqlHead | SqlFault> {
  return told(async () => {
    refuseInsides(asked.sql)
    boundSqlite(asked.bounds)
    const store = await DiskStore.open(asked.storeDir)
    try {
      const repo = createContext(new PublicStore(store))
      const { revision } = asked
      const result = await query({ repo, folder: null }, asked.sql, asked.runDir, { revision })
      const { columns, tables, rowCount, rowsRead } = result
      if (rowCount > asked.rowsMax) {
        await result.close()
        throw new VarveError('VARVE_REFUSED', `the query has ${rowCount} rows, ${asked.rowsMax} are given`, {
          hint: 'add LIMIT, or ask for the table as a whole',
        })
      }
      const parts = partsOf(result, asked.format)[Symbol.asyncIterator]()
      answers.set(asked.runDir, { store, result, parts })
      return { columns, tables, rowCount, rowsRead }
    } catch (error) {
      await store.close()
      throw error
    }
  })
}

/** The next part of the answer; null at its end. */
export async function nextPart(runDir: string): Promise<Uint8Array | null | SqlFault> {
  return told(async () => {
    const next = await answers.get(runDir)!.parts.next()
    return next.done === true ? null : next.value
  })
}

/** Ends the answer, and keeps the tables that were read for the next query. */
export async function closeAnswer(runDir: string): Promise<void> {
  const answer = answers.get(runDir)
  if (answer === undefined) return
  answers.delete(runDir)
  await answer.parts.return?.()
  await answer.result.close()
  await answer.store.close()
}

function partsOf(result: QueryResult, format: SqlFormat): AsyncIterable<Uint8Array> {
  return format === 'json' ? jsonRows(result) : result.export(format)
}

async function* jsonRows(result: QueryResult): AsyncGenerator<Uint8Array> {
  let separator = '\n'
  for await (const rows of result.rows()) {
    const texts = rows.map((row) => toJson(row))
    yield utf8(separator + texts.join(',\n'))
    separator = ',\n'
  }
}

/**
 * Pragmas as tables and SQLite's own tables tell of the server's files, and of what others have asked about; the tables that
 * were read for them (derive/inputs.ts) may hold what no branch has any more. A name cannot be made of parts.
 */
const insides =
  /pragma_\w*|sqlite_(?:temp_)?(?:master|schema)|sqlite_(?:sequence|stat|dbpage)\w*|dbstat|varve (?:inputs|result)|input [0-9a-f]{16}/i

function refuseInsides(sql: string): void {
  const found = insides.exec(sql)
  if (found === null) return
  throw new VarveError(
    'VARVE_USAGE',
    `the query cannot be run: '${found[0]}' cannot be queried on a server`,
    {
      hint: "leave it out; 'varve sql' runs any query in a clone",
    },
  )
}

/** Makes data of an error, which would lose all but its message on the way to another process. */
async function told<T>(work: () => Promise<T>): Promise<T | SqlFault> {
  try {
    return await work()
  } catch (error) {
    if (!isVarveError(error)) throw error
    const { code, message, hint, data } = error
    return { fault: { code, message, data, ...(hint === undefined ? {} : { hint }) } }
  }
}
