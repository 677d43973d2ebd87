// See sqlite-writer.ts. A connection for each request: nobody holds on to what the test may want to take away.
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseSync } from '@photostructure/sqlite'

/** SQLite waits for whoever holds a lock, but not where a killed writer's journal has to be rolled back first. */
const attempts = 40

process.on('message', (asked) => void answer(asked))

async function answer({ id, file, statements, sql }) {
  for (let attempt = 1; ; attempt++) {
    try {
      return process.send({
        id,
        ...(statements === undefined ? { rows: rowsOf(file, sql) } : run(file, statements)),
      })
    } catch (error) {
      if (attempt === attempts || !error.message.includes('locked'))
        return process.send({ id, error: error.message })
      await sleep(50)
    }
  }
}

function run(file, statements) {
  return within(file, (database) => {
    database.exec('PRAGMA synchronous = OFF; BEGIN IMMEDIATE')
    for (const statement of statements) database.exec(statement)
    database.exec('COMMIT')
    return {}
  })
}

function rowsOf(file, sql) {
  return within(file, (database) => {
    const prepared = database.prepare(sql)
    prepared.setReadBigInts(true)
    return prepared.all().map((row) => {
      // As own properties, whatever they are called.
      const entries = Object.entries(row).map(([name, value]) => [
        name,
        value === null ? null : String(value),
      ])
      return JSON.parse(
        `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`,
      )
    })
  })
}

function within(file, work) {
  const database = new DatabaseSync(file, { timeout: 20_000, enableForeignKeyConstraints: true })
  try {
    return work(database)
  } finally {
    database.close()
  }
}

process.on('disconnect', () => process.exit(0))
