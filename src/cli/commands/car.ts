import { usage } from '../arguments.ts'
import { shortId } from '../format/commit.ts'
import { counted, sizeText } from '../../base/size.ts'
import type { Command, Context } from '../interface.ts'
import { fileBytes } from '../read-file.ts'
import { visible } from '../visible.ts'
import { writeFile } from '../write-file.ts'

export const command: Command = {
  usage: ['car export [-o FILE] [REV]', 'car import --branch NAME FILE'],
  description:
    "Writes a commit (default: HEAD) with everything that it reaches, its whole history included, as a\nCAR file for IPLD tools: each object is a block under its CID, and the commit is the root. 'import'\nreads such a file as a new branch. Every block is hashed, and nothing is kept unless everything that\nthe commit reaches is there. FILE - is standard input.",
  options: {
    output: {
      type: 'text',
      short: 'o',
      value: 'FILE',
      about: 'export: write to FILE, which appears when it is complete',
    },
    branch: { type: 'text', short: 'b', value: 'NAME', about: 'import: the name of the new branch' },
  },
  examples: [
    ['varve car export -o prices.car', 'the current commit with its history'],
    ['varve car export v1 | ipfs dag import', 'into IPFS'],
    ['varve car import --branch theirs prices.car', 'import such a file as a branch'],
  ],
  json: 'export with -o: { file: string; bytes: number }; import: { branch: string; head: string; commits: number; objects: number }',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given } = context
  const [action] = given.words
  if (action === 'export') return exportIt(context)
  if (action === 'import') return importIt(context)
  throw usage(`'${action ?? ''}' is not one of export, import`)
}

async function exportIt({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(1, 2, '')
  const repo = await repository()
  const bytes = repo.exportCar(given.words[1] ?? 'HEAD', operation)
  const file = given.text('output')
  if (file === undefined || file === '-') {
    if (out.json) throw usage("of '--json' a CAR file has no part", "name a file for it: '-o FILE'")
    await out.bytes(bytes)
    return 0
  }
  const written = await writeFile(file, bytes)
  out.result({ file, bytes: written }, () => out.say(`${visible(file)}: ${sizeText(written)}`))
  return 0
}

async function importIt({ arguments: given, out, repository, operation }: Context): Promise<number> {
  given.expectWords(2, 2, 'FILE')
  const branch = given.text('branch')
  if (branch === undefined) throw usage('which branch shall it be? --branch NAME')
  const file = given.words[1]!
  const source = file === '-' ? process.stdin : fileBytes(file)
  const repo = await repository()
  const result = await repo.importCar(source, { ...operation, branch })
  out.result(result, () =>
    out.say(
      `branch ${visible(result.branch)} at ${shortId(result.head)}, ${counted(result.commits, 'new commit')}`,
    ),
  )
  return 0
}
