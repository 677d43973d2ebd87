// Pages as templates. What a template's own text says is markup; whatever is put into it is text, and is escaped for the
// place where it stands:
//
//   html`<td class="${attribute}">${text}</td>`    <a href="${link}">: only a Url, made of parts that were encoded
//
// A hole in any other place (a tag's name, an attribute without quotes, a script) is a mistake of ours and throws the
// first time it is rendered. Pages have no scripts and no inline styles at all, and send-page.ts forbids them besides.
import { visibleLine } from '../../base/visible.ts'

/** Markup that is safe to send. */
export class Html {
  readonly text: string

  private constructor(text: string) {
    this.text = text
  }

  static of(strings: TemplateStringsArray, parts: readonly Part[]): Html {
    const template = templateOf(strings)
    let text = template.strings[0]!
    for (const [i, part] of parts.entries())
      text += rendered(part, template.holes[i]!) + template.strings[i + 1]!
    return new Html(text)
  }
}

/** An address, for the attributes href, src and action. */
export class Url {
  readonly text: string

  private constructor(text: string) {
    this.text = text
  }

  /** `root`: '../' and the like; a query without values that are undefined, lists as repeated names. */
  static of(root: string, components: readonly string[], query: QueryParts = {}): Url {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(query))
      for (const one of typeof value === 'string' ? [value] : (value ?? [])) search.append(name, one)
    const path = components.map((one) => encodeURIComponent(one.replaceAll(/\p{Cs}/gu, '\ufffd'))).join('/')
    // Slashes and colons mean nothing in a query, and paths are easier to read with them.
    const readable = search.toString().replaceAll('%2F', '/').replaceAll('%3A', ':')
    return new Url(root + path + (readable === '' ? '' : `?${readable}`))
  }
}

export type QueryParts = Readonly<Record<string, string | readonly string[] | undefined>>

/** null and false are nothing. */
export type Part = Html | Url | string | number | null | false | readonly Part[]

type Place = 'text' | 'attribute' | 'address' | 'tag'

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return Html.of(strings, parts)
}

const addresses = ['href', 'src', 'action']
const known = new WeakMap<TemplateStringsArray, Template>()

interface Template {
  /** Without indentation. */
  readonly strings: readonly string[]
  readonly holes: readonly Place[]
}

function templateOf(strings: TemplateStringsArray): Template {
  let template = known.get(strings)
  if (template === undefined) {
    const whole = strings.join('')
    if (/<(script|style)\b|\sstyle=|\son\w+=/i.test(whole))
      throw new TypeError('a page has no code of its own')
    if (isInTag(whole)) throw new TypeError('a template ends inside a tag')
    template = {
      strings: strings.map((text) => text.replaceAll(/\s*\n\s*/g, '\n')),
      holes: strings.slice(1).map((behind, i) => placeOf(strings.slice(0, i + 1).join(''), behind)),
    }
    known.set(strings, template)
  }
  return template
}

/** What kind of place a value is put into. */
function placeOf(before: string, behind: string): Place {
  if (!isInTag(before)) return 'text'
  const [, name, value] = /\s([\w-]+)="([^"]*)$/.exec(before) ?? []
  if (name === undefined) {
    if (/"\s*$|<[\w-]+\s*$/.test(before)) return 'tag'
    throw new TypeError('a value in a tag has no quotes')
  }
  if (!addresses.includes(name)) return 'attribute'
  if (value !== '' || !behind.startsWith('"')) throw new TypeError('an address is put in as a whole')
  return 'address'
}

/** Whether the markup ends within a tag. Values of attributes are always in double quotes. */
function isInTag(markup: string): boolean {
  let [inTag, inValue] = [false, false]
  for (const character of markup) {
    if (inValue) inValue = character !== '"'
    else if (inTag) [inTag, inValue] = [character !== '>', character === '"']
    else inTag = character === '<'
  }
  return inTag
}

function rendered(part: Part, place: Place): string {
  if (part === null || part === false) return ''
  if (isList(part)) return part.map((one) => rendered(one, place)).join('')
  if (place === 'address') {
    if (part instanceof Url) return escaped(part.text)
    throw new TypeError('an address is a Url')
  }
  if (part instanceof Html) {
    if (place === 'text' || (place === 'tag' && !/[<>]/.test(part.text))) return part.text
    throw new TypeError('markup inside an attribute')
  }
  if (part instanceof Url || place === 'tag') throw new TypeError('nothing but text belongs here')
  const text = String(part)
  return escaped(place === 'text' ? text.split('\n').map(visibleLine).join('\n') : text)
}

function isList(part: Part): part is readonly Part[] {
  return Array.isArray(part)
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!)
}
