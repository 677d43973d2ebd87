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

/** Throws where the answer is no page, or has anything that could run or be loaded from elsewhere. */
export function readPage({ headers, text }: Called): Element {
  expect(headers['content-type']).toBe('text/html; charset=utf-8')
  const errors: string[] = []
  const page = elementOf(parse(text, { onParseError: ({ code }) => errors.push(code) }))
  expect(errors).toEqual([])
  for (const element of page.all('*')) {
    expect(['script', 'style', 'iframe', 'object', 'embed', 'base', 'meta refresh']).not.toContain(
      element.name,
    )
    for (const [name, value] of Object.entries(element.attributes)) {
      expect(name).not.toMatch(/^on|^style$|^srcdoc$|^formaction$/)
      if (['href', 'src', 'action'].includes(name)) expect(value).toMatch(/^(\.\.?\/|#)/)
    }
  }
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
    text: textOf(node).trim(),
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
