// Commits, moments and sizes in the words that all pages use.
import type { CommitInfo } from '../../api/interface.ts'
import { sizeText } from '../../base/size.ts'
import { isoText } from '../../base/time.ts'
import type { Signature } from '../../history/interface.ts'
import { subjectOf as subjectIn } from '../../history/message.ts'
import { qualifiedName } from '../listings/refs.ts'
import { type Html, type Part, html } from './html.ts'
import { cut } from './values.ts'
import type { View } from './view.ts'

const nameLettersMax = 100
const numbers = new Intl.NumberFormat('en')

export function count(value: number): string {
  return numbers.format(value)
}

/** A number with its noun: '1 row', '2,000 rows'. */
export function countOf(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

/** A size, with the exact number for whoever points at it. */
export function size(bytes: number): Html {
  return html`<span title="${countOf(bytes, 'byte')}">${sizeText(bytes)}</span>`
}

/** A time, in the time zone of whoever signed. */
export function moment(signature: Signature): Html {
  const text = isoText(signature)
  const [date = '', clock = '', zone = ''] = text.split(' ')
  const machine = `${date}T${clock}${zone.slice(0, 3)}:${zone.slice(3)}`
  return html`<time datetime="${machine}" title="${text}">${date} ${clock.slice(0, 5)}</time>`
}

/** The name of whoever signed, shortened: it can be anything, of any length. */
export function nameOf({ name }: Signature): Part {
  return cut(name, nameLettersMax)
}

export function subjectOf(message: string): string {
  return subjectIn(message).slice(0, 300) || '(no message)'
}

export function shortId(id: string): string {
  return id.slice(0, 8)
}

export function commitLink(view: View, id: string): Html {
  return html`<a class="id" href="${view.commit(id)}">${shortId(id)}</a>`
}

const namesMax = 10

/** The first branches and tags that point at a commit. */
export function refTags(view: View, { refs }: Pick<CommitInfo, 'refs'>): Part {
  const named = refs.filter((ref) => ref !== 'HEAD')
  const left = named.length - namesMax
  const shown = named.slice(0, namesMax).map((ref) => {
    const isTag = ref.startsWith('tag: ')
    const name = ref.replace(/^(HEAD -> |tag: )/, '')
    const revision = qualifiedName(isTag ? 'tag' : 'branch', name)
    return html` <a class="tag" href="${view.to('history', { revision })}">${isTag ? `tag: ${name}` : name}</a>`
  })
  return [...shown, left > 0 && html` <span class="faint">and ${count(left)} more</span>`]
}
