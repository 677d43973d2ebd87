// S3's answers are XML of a few elements. They come from outside: the parser is a strict one that knows no entities but
// the five of XML, a document type is refused, and depth and number of elements are bounded before anything is kept.
import { SaxesParser } from 'saxes'
import { corrupt } from '../../base/errors.ts'
import { utf8Text } from '../../base/bytes.ts'

export interface XmlElement {
  readonly name: string
  readonly text: string
  readonly children: readonly XmlElement[]
}

const depthMax = 8
/** A listing has 1000 entries of some ten elements. */
const elementsMax = 50_000

interface Open {
  name: string
  text: string
  children: XmlElement[]
}

/** @throws VarveError VARVE_CORRUPT */
export function parseXml(bytes: Uint8Array): XmlElement {
  const parser = new SaxesParser()
  const open: Open[] = []
  let count = 0
  let root: XmlElement | null = null
  const refuse = (what: string): never => {
    throw corrupt(`the S3 store's answer ${what}`)
  }
  parser.on('doctype', () => refuse('has a document type'))
  parser.on('error', () => refuse('is not XML'))
  parser.on('opentag', ({ name }) => {
    if (open.length >= depthMax || ++count > elementsMax) refuse('is nested too deep or too long')
    const element = { name: name.replace(/^.*:/, ''), text: '', children: [] }
    open.at(-1)?.children.push(element)
    open.push(element)
    root ??= element
  })
  const text = (part: string): void => {
    const element = open.at(-1)
    if (element !== undefined) element.text += part
  }
  parser.on('text', text)
  parser.on('cdata', text)
  parser.on('closetag', () => open.pop())
  parser.write(textOf(bytes)).close()
  return root ?? refuse('is empty')
}

/** Text of the first child of this name; null when there is none. */
export function childText(element: XmlElement, name: string): string | null {
  return element.children.find((child) => child.name === name)?.text ?? null
}

export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name)
}

function textOf(bytes: Uint8Array): string {
  try {
    return utf8Text(bytes)
  } catch (cause) {
    throw corrupt("the S3 store's answer is not text", {}, cause)
  }
}
