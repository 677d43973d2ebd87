// Nested columns (lists, maps, structs) as JSON, put together from the levels of their leaves as Dremel's paper has
// it. Names become properties of text, never of an object, so no name can do harm and no key of a map is lost.
import { utf8 } from '../../base/bytes.ts'
import { cellText } from '../../table/cell.ts'
import { toHex } from '../../base/bytes.ts'
import type { Cell } from '../../table/interface.ts'
import { unsupported } from '../columnar/faults.ts'
import { type LeafCells, leafCells } from './leaf-cells.ts'
import { type ParquetNode, isRepeated, leavesOf } from './schema.ts'

/** The entries of one leaf that make up one row, or a part of it. */
export interface LeafEntries {
  readonly reps: readonly number[]
  readonly defs: readonly number[]
  readonly values: readonly unknown[]
}

interface Span {
  readonly leaf: LeafEntries
  readonly start: number
  readonly end: number
}

type Build = (spans: readonly Span[]) => string | null

/** Makes the JSON of a column's row of its leaves' entries; null for NULL. @throws RangeError where they do not fit */
export function nestedJson(
  column: ParquetNode,
  where: string,
): (leaves: readonly LeafEntries[]) => Uint8Array | null {
  const build = builderOf(column, where, column.firstLeaf)
  return (leaves) => {
    const text = build(leaves.map((leaf) => ({ leaf, start: 0, end: leaf.defs.length })))
    return text === null ? null : utf8(text)
  }
}

function builderOf(node: ParquetNode, where: string, base: number): Build {
  const build = isRepeated(node)
    ? repeated(node, one(node, where, node.firstLeaf))
    : one(node, where, node.firstLeaf)
  const [from, to] = [node.firstLeaf - base, node.endLeaf - base]
  return (spans) => build(spans.slice(from, to))
}

/** Builds a node that occurs once, or not at all. */
function one(node: ParquetNode, where: string, base: number): Build {
  const content =
    node.element.type === undefined ? groupOf(node, where, base) : leafOf(leafCells(node, where))
  return (spans) => (spans[0]!.leaf.defs[spans[0]!.start]! < node.def ? null : content(spans))
}

function leafOf({ cell }: LeafCells): Build {
  return ([span]) => {
    if (span!.end - span!.start !== 1) throw new RangeError('a nested value is there several times')
    return jsonOfCell(cell(span!.leaf.values[span!.start]))
  }
}

function groupOf(node: ParquetNode, where: string, base: number): Build {
  const kind = node.element.logical_type?.type ?? node.element.converted_type
  if (kind === 'VARIANT')
    throw unsupported(where, `column '${node.path.join('.')}' is a VARIANT, which is not read`)
  if (kind === 'LIST' && node.children.length === 1 && isRepeated(node.children[0]!))
    return listOf(node.children[0]!, where, base)
  if (
    (kind === 'MAP' || kind === 'MAP_KEY_VALUE') &&
    node.children.length === 1 &&
    isRepeated(node.children[0]!)
  ) {
    const [pair] = node.children
    if (pair!.children.length === 2) return mapOf(pair!, where, base)
  }
  const children = node.children.map((child) => ({
    name: child.element.name,
    build: builderOf(child, where, base),
  }))
  if (new Set(children.map(({ name }) => name)).size !== children.length)
    throw unsupported(where, `column '${node.path.join('.')}' has two fields of one name`)
  return (spans) =>
    `{${children.map(({ name, build }) => `${JSON.stringify(name)}:${build(spans) ?? 'null'}`).join(',')}}`
}

// Three levels by the book, `list.element`; two in files of old writers, where the repeated node is the element itself.
function listOf(inner: ParquetNode, where: string, base: number): Build {
  const isWrapper =
    inner.children.length === 1 && inner.element.name !== 'array' && !inner.element.name.endsWith('_tuple')
  const element = isWrapper ? builderOf(inner.children[0]!, where, base) : one(inner, where, base)
  return repeated(inner, element)
}

function mapOf(pair: ParquetNode, where: string, base: number): Build {
  const [key, value] = pair.children.map((child) => builderOf(child, where, base)) as [Build, Build]
  const isText = leavesOf(pair.children[0]!).length === 1 && pair.children[0]!.element.type === 'BYTE_ARRAY'
  const entries = elementsOf(pair)
  return (spans) => {
    const pairs = entries(spans).map((entry) => [key(entry) ?? 'null', value(entry) ?? 'null'] as const)
    const isObject =
      isText &&
      pairs.every(([name]) => name.startsWith('"')) &&
      new Set(pairs.map(([name]) => name)).size === pairs.length
    return isObject
      ? `{${pairs.map(([name, text]) => `${name}:${text}`).join(',')}}`
      : `[${pairs.map(([name, text]) => `{"key":${name},"value":${text}}`).join(',')}]`
  }
}

function repeated(node: ParquetNode, element: Build): Build {
  const elements = elementsOf(node)
  return (spans) =>
    `[${elements(spans)
      .map((spans_) => element(spans_) ?? 'null')
      .join(',')}]`
}

/** Cuts entries apart where a repeated node begins again. */
function elementsOf(node: ParquetNode): (spans: readonly Span[]) => Span[][] {
  return (spans) => {
    const [first] = spans
    if (first!.leaf.defs[first!.start]! < node.def) return []
    const cuts = spans.map((span) => startsOf(span, node.rep))
    const count = cuts[0]!.length
    if (cuts.some((starts) => starts.length !== count))
      throw new RangeError('fields of one list differ in length')
    return cuts[0]!.map((_, i) =>
      spans.map((span, k) => ({ leaf: span.leaf, start: cuts[k]![i]!, end: cuts[k]![i + 1] ?? span.end })),
    )
  }
}

function startsOf({ leaf, start, end }: Span, rep: number): number[] {
  const starts = [start]
  for (let i = start + 1; i < end; i++) if (leaf.reps[i]! <= rep) starts.push(i)
  return starts
}

function jsonOfCell(cell: Cell): string {
  if (cell.kind === 'text') return JSON.stringify(cellText(cell))
  if (cell.kind === 'bytes') return JSON.stringify(toHex(cell.bytes))
  return cell.kind === 'number' || cell.kind === 'json' ? cellText(cell) : cell.kind
}
