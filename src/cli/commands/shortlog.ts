import { visible, visibleLine } from '../visible.ts'
import type { Arguments } from '../arguments.ts'
import type { Command, Context, OptionSpecs } from '../interface.ts'
import { mailmapOf } from '../log/mailmap.ts'
import { choice, choiceOptions } from '../log/choice.ts'
import { chosenPaths } from '../log/chosen-paths.ts'
import { commitsByPerson } from '../log/by-person.ts'
import { requirePaths, revisionsAndPaths } from '../paths.ts'

// '-n' and '--committer' are other options here, as in Git.
const { limit, committer: _pattern, ...choices } = choiceOptions
const limitOption: OptionSpecs = {
  limit: { type: 'text', aliases: ['max-count'], value: 'N', about: `${limit!.about.split(';')[0]}` },
}

export const command: Command = {
  usage: [
    'shortlog [-s] [-n] [-e] [-c | --group BY...] [--all | --branches | --tags | --remotes] [FILTER...] [REV | A..B | ^A]... [[--] PATH...]',
  ],
  description:
    "Lists commits by who made them: of each person how many, and what they are about, oldest first. Which commits, is\nsaid as in 'varve log'. The file .mailmap joins the names of one person (see 'varve check-mailmap').",
  options: {
    summary: { type: 'flag', short: 's', about: 'only how many there are' },
    numbered: { type: 'flag', short: 'n', about: 'who made most comes first, not by name' },
    email: { type: 'flag', short: 'e', about: 'with the address; who has two is two' },
    committer: { type: 'flag', short: 'c', about: 'by committer, not by author' },
    group: {
      type: 'list',
      value: 'BY',
      choices: ['author', 'committer'],
      about: 'by author, committer or trailer:KEY, a line of the message; may be given several times',
    },
    ...limitOption,
    ...choices,
    follow: { type: 'flag', about: 'go on under the names that PATH had before; so it is anyway' },
    'no-follow': { type: 'flag', about: 'only what happened under the name PATH' },
  },
  examples: [
    ['varve shortlog -sn', 'who made how many commits'],
    ['varve shortlog v1..HEAD', 'what has been done since a release, and by whom'],
    ['varve shortlog -sn --group=author --group=trailer:co-authored-by', 'with those who helped'],
    ['varve shortlog -sne --no-merges -- people.csv', 'who has worked on a file'],
  ],
  json: '{ items: { name: string; email?: string; count: number; commits?: { id: string; subject: string }[] }[] }',
  pages: () => true,
  run,
}

async function run(context: Context): Promise<number> {
  const { arguments: given, repository, operation, out } = context
  given.exclusive('follow', 'no-follow')
  const repo = await repository()
  const { revisions, paths } = await revisionsAndPaths(repo, given, Infinity)
  await requirePaths(repo, given, paths)
  const chosen = chosenPaths(repo.root, given, paths)
  const mailmap = await mailmapOf(context, repo)
  const commits = repo.log({ ...operation, mailmap, ...choice(given, revisions), ...chosen })
  const items = await commitsByPerson(commits, {
    groups: groupsOf(given),
    isSummary: given.flag('summary'),
    isNumbered: given.flag('numbered'),
    hasEmail: given.flag('email'),
    mailmap,
  })
  out.result({ items }, () => {
    for (const { name, email, count, commits: made } of items) {
      const who = visible(email === undefined ? name : `${name} <${email}>`)
      if (made === undefined) {
        out.line(`${String(count).padStart(6)}\t${who}`)
        continue
      }
      out.line(`${who} (${count}):`)
      for (const { subject } of made) out.line(`      ${visibleLine(subject)}`)
      out.line()
    }
  })
  return 0
}

function groupsOf(given: Arguments): readonly string[] {
  const groups = [...(given.flag('committer') ? ['committer'] : []), ...given.list('group')]
  return groups.length === 0 ? ['author'] : groups
}
