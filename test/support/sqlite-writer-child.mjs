// See sqlite-writer.ts. A connection for each request: nobody holds on to what the test may want to take away.
import { DatabaseSync } from '@photostructure/sqlite'

process.on('message', ({ id, file, statements, sql }) => {
  const database = new DatabaseSync(file, { timeout: 20_000, enableForeignKeyConstraints: true })
  try {
    if (statements !== undefined) {
      database.exec('PRAGMA synchronous = OFF; BEGIN IMMEDIATE')
      for (const statement of statements) database.exec(statement)
      database.exec('COMMIT')
      return process.send({ id })
    }
    const prepared = database.prepare(sql)
    prepared.setReadBigInts(true)
    const rows = prepared.all().map((row) => {
      // As own properties, whatever they are called.
      const entries = Object.entries(row).map(([name, value]) => [
        name,
        value === null ? null : String(value),
      ])
      return JSON.parse(
        `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
      )
    })
    process.send({ id, rows })
  } catch (error) {
    process.send({ id, error: error.message })
  } finally {
    database.close()
  }
})
process.on('disconnect', () => process.exit(0))
