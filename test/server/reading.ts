// A page as a browser reads it: by the parser of the HTML standard, never by patterns over its text.
import { type DefaultTreeAdapterTypes as Tree, parse } from 'parse5'
import { expect } from 'vitest'
import type { Called } from './serving.ts'

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly text: string
  /** Of all depths. */
  readonly all: (name: string) => Element[]
}

const forbidden = ['script', 'style', 'iframe', 'object', 'embed', 'base']
const addresses = ['href', 'src', 'action']

/** Throws where the answer is no page, or has anything that could run or be loaded from elsewhere. */
export function readPage({ headers, text }: Called): Element {
  expect(headers['content-type']).toBe('text/html; charset=utf-8')
  const errors: string[] = []
  const page = elementOf(parse(text, { onParseError: ({ code }) => errors.push(code) }))
  expect(errors).toEqual([])
  const faults = page.all('*').flatMap(({ name, attributes }) => [
    ...(forbidden.includes(name) ? [name] : []),
    ...Object.entries(attributes).flatMap(([attribute, value]) => {
      const leaves = addresses.includes(attribute) && !/^(\.\.?\/|#)/.test(value)
      return leaves || /^on|^style$|^srcdoc$|^formaction$|^http-equiv$/.test(attribute)
        ? [`${attribute}=${value}`]
        : []
    }),
  ])
  expect(faults).toEqual([])
  return page
}

/** The cells of a table's body, by row. */
export function cellsOf(page: Element, table = 0): string[][] {
  const rows = page.all('tbody')[table]?.all('tr') ?? []
  return rows.map((row) =>
    row
      .all('*')
      .filter(({ name }) => name === 'td' || name === 'th')
      .map(({ text }) => text),
  )
}

/** Where a link with this text goes, as seen from the page's own path. */
export function linkOf(page: Element, text: string, from: string): string {
  const found = page.all('a').find((link) => link.text === text)
  expect(found, `a link '${text}'`).toBeDefined()
  const { pathname, search } = new URL(found!.attributes['href']!, `http://host${from}`)
  return pathname + search
}

function elementOf(node: Tree.Document | Tree.Element): Element {
  const attributes =
    'attrs' in node ? Object.fromEntries(node.attrs.map(({ name, value }) => [name, value])) : {}
  return {
    name: 'tagName' in node ? node.tagName : '',
    attributes,
    get text() {
      return textOf(node).trim()
    },
    all: (name) =>
      descendants(node)
        .filter((one) => name === '*' || one.tagName === name)
        .map(elementOf),
  }
}

function descendants(node: Tree.ParentNode): Tree.Element[] {
  return node.childNodes.flatMap((child) => ('tagName' in child ? [child, ...descendants(child)] : []))
}

function textOf(node: Tree.ParentNode): string {
  return node.childNodes
    .map((child) => ('value' in child ? child.value : 'tagName' in child ? textOf(child) : ''))
    .join('')
}
