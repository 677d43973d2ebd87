// Users of one remote, whose edits all bear a name of their own, so that a lost one is seen. What is looked at afterwards is
// read by the independent reader of the format (test/format/).
import fs from 'node:fs'
import path from 'node:path'
import { CID } from 'multiformats/cid'
import { type Name, type Value, decode, hex, list } from '../format/bytes.ts'
import { StoredRepository } from '../format/repository.ts'
import type { Random } from '../property/hostile-values.ts'

const editName = /k[a-z]+\d+k/g
const edited = ['t.csv', 't.csv', 'u.csv', 'a.txt']

export class User {
  readonly name: string
  readonly dir: string
  /** Names of commits that a command said it had made. */
  readonly commits: Set<string> = new Set()
  /** Edits that this user has not overwritten. */
  readonly #edits = new Set<string>()
  #count = 0

  constructor(base: string, name: string) {
    this.name = name
    this.dir = path.join(base, name)
  }

  /** Changes one cell, row or line of a file, as an editor would. */
  edit(random: Random): void {
    const file = path.join(this.dir, random.one(edited))
    if (!fs.existsSync(file)) return
    const before = fs.readFileSync(file, 'utf8')
    const lines = before.split('\n')
    const at = 1 + random.below(Math.max(1, lines.length - 2))
    const cells = (lines[at] ?? '').split(',')
    const edit = `k${this.name}${++this.#count}k`
    if (file.endsWith('.txt')) lines[at] = `line ${edit}`
    else if (cells.length !== 3) return
    else if (random.below(5) === 0)
      lines.splice(at, 0, `${100_000 + this.#count}${this.name.length},${edit},x`)
    else lines[at] = cells.map((cell, i) => (i === 1 + (at % 2) ? edit : cell)).join(',')
    const after = lines.join('\n')
    fs.writeFileSync(file, after)
    this.#edits.add(edit)
    for (const [old] of before.matchAll(editName)) if (!after.includes(old)) this.#edits.delete(old)
  }

  /** Edits that neither a file nor anything that undo or the reflog could bring back has. */
  lost(): string[] {
    const { edits, names } = held(path.join(this.dir, '.varve'))
    const files = fs.readdirSync(this.dir, { withFileTypes: true }).filter((entry) => entry.isFile())
    const text = files.map(({ name }) => fs.readFileSync(path.join(this.dir, name), 'latin1')).join('\n')
    return [
      ...[...this.#edits].filter((edit) => !edits.has(edit) && !text.includes(edit)),
      ...[...this.commits].filter((commit) => !names.has(commit)),
    ]
  }
}

/** The edits and the objects that the manifests of a store reach. */
export function held(folder: string): { edits: ReadonlySet<string>; names: ReadonlySet<Name> } {
  const repository = new StoredRepository(folder)
  const [edits, names] = [new Set<string>(), new Set<Name>()]
  const queue: Name[] = []
  for (const name of fs.readdirSync(path.join(folder, 'm'))) {
    const [, , payload] = list(
      decode(fs.readFileSync(path.join(folder, 'm', name)), 'a manifest'),
      'a manifest',
    )
    queue.push(...linksIn(decode(payload as Uint8Array, 'payload')))
  }
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (names.has(name) || !repository.has(name)) continue
    names.add(name)
    const bytes = repository.object(name)
    for (const [edit] of Buffer.from(bytes).toString('latin1').matchAll(editName)) edits.add(edit)
    if (name.startsWith('0171')) queue.push(...linksIn(decode(bytes, 'an object')))
  }
  return { edits, names }
}

function* linksIn(value: Value): Generator<Name> {
  const link = CID.asCID(value)
  if (link !== null) yield hex(link.bytes)
  else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array))
    for (const item of Object.values(value)) yield* linksIn(item as Value)
}
