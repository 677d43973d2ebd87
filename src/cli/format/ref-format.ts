// Branches and tags in a form of the user's own: fields such as '%(refname:short)', those of Git that there is something for.
import type { BranchInfo, RefDetails, TagInfo } from '../../api/interface.ts'
import { usage } from '../arguments.ts'
import { bodyOf } from '../../history/message.ts'
import { visible, visibleLine } from '../visible.ts'
import { shortId, subjectOf } from './commit.ts'
import { dateStyle } from './dates.ts'

type Ref = BranchInfo | TagInfo
type Field = (ref: Ref, details: RefDetails) => string

/** A line of each. @throws VarveError VARVE_USAGE for a field that is not known */
export function refForm(format: string): (ref: Ref) => string {
  const parts: ((ref: Ref) => string)[] = []
  let at = 0
  for (const match of format.matchAll(/%(?:\(([^)]*)\)|%|([0-9a-fA-F]{2}))/g)) {
    const before = format.slice(at, match.index)
    const [all, name, byte] = match
    const field = name === undefined ? null : fieldOf(name)
    const text = all === '%%' ? '%' : byte === undefined ? '' : String.fromCodePoint(parseInt(byte, 16))
    parts.push(
      (ref) => before + (field === null ? text : ref.details ? field(ref, ref.details) : unborn(name!, ref)),
    )
    at = match.index + all.length
  }
  const rest = format.slice(at)
  return (ref) => parts.map((part) => part(ref)).join('') + rest
}

const plain: Readonly<Record<string, Field>> = {
  HEAD: (ref) => ('current' in ref && ref.current ? '*' : ' '),
  refname: (_ref, { ref }) => visible(ref),
  'refname:short': ({ name }) => visible(name),
  objectname: (_ref, { object }) => object,
  'objectname:short': (_ref, { object }) => shortId(object),
  objecttype: (_ref, { tagger }) => (tagger === null ? 'commit' : 'tag'),
  '*objectname': ({ commit }, { tagger }) => (tagger === null ? '' : (commit ?? '')),
  upstream: (ref) => (upstreamOf(ref) === '' ? '' : `refs/remotes/${upstreamOf(ref)}`),
  'upstream:short': upstreamOf,
  'upstream:track': trackOf,
  subject: (_ref, { message }) => subjectOf(message),
  body: (_ref, { message }) => textOf(bodyOf(message)),
  contents: (_ref, { message }) => textOf(message),
}

const people = ['author', 'committer', 'tagger'] as const

function fieldOf(name: string): Field {
  const known = name.replace(/^contents:(subject|body)$/, '$1')
  if (Object.hasOwn(plain, known)) return plain[known]!
  const [, cut] = /^refname:l?strip=(\d{1,3})$/.exec(name) ?? []
  if (cut !== undefined) return (_ref, { ref }) => visible(ref.split('/').slice(Number(cut)).join('/'))
  const [, who, what, style] =
    /^(author|committer|tagger|creator)(name|email|date)(?::(.*))?$/.exec(name) ?? []
  if (what === 'date') {
    const dates = dateStyle(style)
    return (_ref, details) => {
      const signature =
        who === 'creator' ? (details.tagger ?? details.committer) : details[who as (typeof people)[number]]
      return signature === null ? '' : dates(signature)
    }
  }
  if (what !== undefined && who !== 'creator' && style === undefined) {
    return (_ref, details) => {
      const person = details[who as (typeof people)[number]]
      if (person === null) return ''
      return what === 'name' ? visible(person.name) : `<${visible(person.email)}>`
    }
  }
  throw usage(
    `unknown field '%(${name})'`,
    `known: ${Object.keys(plain).join(', ')}, ${people.join(', ')} with name, email and date, creatordate; dates with a style, as in 'committerdate:iso'`,
  )
}

function upstreamOf(ref: Ref): string {
  return 'upstream' in ref && ref.upstream !== null ? visible(ref.upstream) : ''
}

/** How far a branch is from its upstream: '[ahead 1, behind 2]', '[gone]'. */
function trackOf(ref: Ref): string {
  if (upstreamOf(ref) === '' || !('divergence' in ref)) return ''
  const { divergence } = ref
  if (divergence === null || divergence === undefined) return '[gone]'
  const parts = (['ahead', 'behind'] as const).filter((way) => divergence[way] > 0)
  return parts.length === 0 ? '' : `[${parts.map((way) => `${way} ${divergence[way]}`).join(', ')}]`
}

/** The field of a branch that has no commit yet: it has nothing but a name. */
function unborn(name: string, ref: Ref): string {
  if (name === 'HEAD') return '*'
  return name === 'refname'
    ? `refs/heads/${visible(ref.name)}`
    : name === 'refname:short'
      ? visible(ref.name)
      : ''
}

function textOf(message: string): string {
  return message.trimEnd().split('\n').map(visibleLine).join('\n')
}
