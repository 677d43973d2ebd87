import { mailmapOf } from '../log/mailmap.ts'
import { usage } from '../arguments.ts'
import type { Person } from '../../history/interface.ts'
import type { Command, Context } from '../interface.ts'
import { readText } from '../read-text.ts'
import { visible } from '../visible.ts'

export const command: Command = {
  usage: ['check-mailmap CONTACT...', 'check-mailmap --stdin'],
  description:
    "Prints under which name and address each CONTACT ('Name <address>', or '<address>') is shown: the\nfile .mailmap at the repository's root says so, in Git's form. A file of more than 256 KiB is\nignored. In a bare repository that of HEAD counts. The settings mailmap.blob ('REV:PATH')\nand mailmap.file name others, which count before it.",
  options: { stdin: { type: 'flag', about: 'contacts are the lines of standard input' } },
  examples: [
    ["varve check-mailmap 'Ada <ada@example.org>'", 'whom the log shows for this author'],
    ["varve log --format '%an <%ae>' | varve check-mailmap --stdin", 'the same for all authors'],
  ],
  json: '{ items: { name: string; email: string }[] }',
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, out, repository } = context
  const repo = await repository()
  const lines = given.flag('stdin') ? (await readText('-', 'contacts')).split('\n') : []
  const contacts = [...given.words, ...lines.filter((line) => line !== '')].map(contactOf)
  if (contacts.length === 0 && !given.flag('stdin')) throw usage('check-mailmap needs a CONTACT')
  const mailmap = await mailmapOf(context, repo)
  const items = contacts.map((contact) => mailmap.of(contact))
  out.result({ items }, () => {
    for (const { name, email } of items) out.line(visible(name === '' ? `<${email}>` : `${name} <${email}>`))
  })
  return 0
}

function contactOf(text: string): Person {
  const match = /^([^<]*)<([^>]*)>/.exec(text)
  if (match === null) throw usage(`'${text}' is no contact`, "write it as 'Name <address>' or '<address>'")
  return { name: match[1]!.trim(), email: match[2]! }
}
