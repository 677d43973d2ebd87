// A connector of your own, to copy and to change: tables that lie in one JSON file. It is whole, if small, and passes the
// same tests as those that come with Varve (json-file.test.mjs). How the file looks:
//
//   { "tables": { "people": { "key": ["id"], "columns": [{ "name": "id" }, { "name": "name", "nullable": true }],
//                             "rows": [["1", "Ada"], ["2", null]] } },
//     "links":  { "shop": { "fence": 3, "base": "5f2c…" } } }
//
// Every value is a text, or null. Use: VARVE_CONNECTORS=/path/json-file.mjs varve link add shop json-file:///data.json …
import fs from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** What Varve asks for first: a name for messages, the URLs it is for, and how to connect. */
export const connector = {
  name: 'JSON file: json-file:///PATH/FILE',
  accepts: (url) => url.startsWith('json-file:///'),
  open: async (url, { kit }) => {
    const path = fileURLToPath(url.replace('json-file:', 'file:'))
    await read(path, kit)
    return connection(path, kit)
  },
}

function connection(path, kit) {
  return {
    location: `json-file://${path}`,
    // The same while it is the same data. A file that is replaced each time it is written has no number to go by.
    identity: async () => `json-file:${path}`,

    async discover(names) {
      const { tables } = await read(path, kit)
      return (names ?? Object.keys(tables)).map((name) => {
        if (!Object.hasOwn(tables, name))
          throw new kit.VarveError('VARVE_PATH_NOT_FOUND', `'${path}' has no table '${name}'`, {
            data: { name },
          })
        const { key, columns } = tables[name]
        return {
          name,
          key,
          references: [],
          columns: columns.map((column) => ({
            name: column.name,
            type: 'text',
            nativeType: 'text',
            nullable: column.nullable === true,
            generated: false,
          })),
        }
      })
    },

    // All tables at one moment: here the file was read once. A database would begin a transaction.
    async snapshot() {
      const { tables } = await read(path, kit)
      return {
        async *rows({ name }) {
          const { rows } = tables[name]
          for (let at = 0; at < rows.length; at += 500)
            yield rows.slice(at, at + 500).map((row) => row.map((value) => kit.toCell(value)))
        },
        digest: async () => null,
        close: async () => undefined,
      }
    },

    checkpoint: async (link) => own((await read(path, kit)).links, link) ?? null,

    takeOver: (link) =>
      change(path, kit, (file) => {
        const { fence = 0, base = null } = own(file.links, link) ?? {}
        set(file.links, link, { fence: fence + 1, base })
        return file.links[link]
      }),

    apply: (plan) => change(path, kit, (file) => write(file, plan, kit)),

    close: async () => undefined,
  }
}

/** All of the plan, or `nothing`: rows that are not as expected, or cannot be kept, are named instead. */
async function write(file, plan, kit) {
  if (own(file.links, plan.link)?.fence !== plan.fence)
    throw new kit.VarveError('VARVE_NOT_POSSIBLE', `another worker has taken over the link '${plan.link}'`, {
      data: { passing: true },
    })
  const heldBack = []
  let written = 0
  for (const table of plan.tables) {
    const { key, columns, rows } = file.tables[table.name]
    const places = key.map((name) => columns.findIndex((column) => column.name === name))
    const keyOf = (row) => JSON.stringify(places.map((place) => row[place]))
    const now = new Map(rows.map((row) => [keyOf(row), row]))
    for (const kind of ['delete', 'update', 'insert'])
      for await (const batch of plan.changes(table, kind))
        for (const { key: id, before, after } of batch) {
          plan.signal?.throwIfAborted()
          const [old, next] = [before, after].map((cells) => cells && cells.map((cell) => textOf(cell, kit)))
          const at = keyOf(old ?? next)
          const hold = (reason, message) => heldBack.push({ table: table.name, key: id, reason, message })
          if (JSON.stringify(now.get(at) ?? null) !== JSON.stringify(old))
            hold('changed', 'it was changed meanwhile')
          else if (next?.includes(undefined)) hold('rejected', 'only texts are kept here')
          else if (next?.some((value, i) => value === null && columns[i].nullable !== true))
            hold('rejected', 'a value is missing')
          else if (next === null) now.delete(at)
          else now.set(at, next)
          written++
        }
    file.tables[table.name].rows = [...now.values()]
  }
  if (heldBack.length > 0) return new Nothing({ outcome: 'held-back', rows: heldBack })
  set(file.links, plan.link, { fence: plan.fence, base: plan.base })
  return { outcome: 'applied', written }
}

/** A change whose answer is one of these is not written. */
class Nothing {
  constructor(answer) {
    this.answer = answer
  }
}

/** Undefined for what is neither text nor null. */
function textOf(cell, kit) {
  const value = kit.fromCell(cell, 'text')
  return value === null || cell.kind === 'text' ? value : undefined
}

/** Nobody else changes the file meanwhile; it is written anew, on the disk, and then takes the old one's place. */
export async function change(path, kit, work) {
  const lock = await locked(`${path}.lock`, kit)
  try {
    const file = await read(path, kit)
    const answer = await work(file)
    if (answer instanceof Nothing) return answer.answer
    const made = await fs.open(`${path}.new`, 'w')
    try {
      await made.writeFile(JSON.stringify(file, null, 1))
      await made.sync()
    } finally {
      await made.close()
    }
    await fs.rename(`${path}.new`, path)
    return answer
  } finally {
    await lock.close()
    await fs.rm(`${path}.lock`)
  }
}

async function locked(path, kit) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await fs.open(path, 'wx')
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (attempt > 1000)
        throw new kit.VarveError('VARVE_UNREACHABLE', `somebody else writes: '${path}'`, {
          hint: 'remove it if nobody does',
        })
      await sleep(20)
    }
  }
}

async function read(path, kit) {
  try {
    const { tables = {}, links = {} } = JSON.parse(await fs.readFile(path, 'utf8'))
    return { tables, links }
  } catch (cause) {
    throw new kit.VarveError('VARVE_UNREACHABLE', `cannot read '${path}'`, { cause })
  }
}

/** Names come from outside: '__proto__' is one like any other. */
function own(object, name) {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

function set(object, name, value) {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}
