// What a clean three-way merge may hold, told without aligning anything: each item (a cell of a column, a value at a
// path of JSON) stands as often as base, ours and theirs say, b + (o - b) + (t - b), or, where both made the same
// change, as often as in one of them. A merge that lost a cell, or invented one, breaks this; so does a column whose
// cells were unique on both sides and no longer are. Independent of the engine on purpose.
import { parse, parseAllDocuments } from 'yaml'

/** Items with their counts, and columns with their cells; null: cannot be read. */
export function contentOf(bytes, ext) {
  const text = Buffer.from(bytes)
    .toString('utf8')
    .replace(/^\ufeff/, '')
  try {
    if (ext === '.csv' || ext === '.tsv') return tableContent(text, ext === '.tsv' ? '\t' : ',')
    if (ext === '.jsonl')
      return valueContent(
        text
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map((line) => JSON.parse(line)),
      )
    if (ext === '.yaml' || ext === '.yml') return valueContent(yamlOf(text))
    return valueContent(JSON.parse(text))
  } catch {
    return null
  }
}

function yamlOf(text) {
  const documents = parseAllDocuments(text, { uniqueKeys: false })
  return documents.length === 1
    ? parse(text, { uniqueKeys: false, maxAliasCount: -1 })
    : documents.map((document) => document.toJS({ maxAliasCount: -1 }))
}

function tableContent(text, delimiter) {
  const records = recordsOf(text, delimiter).filter((cells) => cells.some((cell) => cell.trim() !== ''))
  const head = records[0] ?? []
  const items = new Map()
  const columns = new Map()
  for (const cells of records) {
    for (const [i, cell] of cells.entries()) {
      const name = head[i] ?? String(i)
      add(items, `${name}\u0001${cell}`)
      if (!columns.has(name)) columns.set(name, [])
      columns.get(name).push(cell)
    }
  }
  const rows = new Map()
  for (const cells of records)
    add(rows, cells.slice(0, cells.findLastIndex((cell) => cell !== '') + 1).join('\u0001'))
  return { items, columns, whole: rows, names: new Set(head) }
}

function recordsOf(text, delimiter) {
  const records = []
  let cells = []
  let at = 0
  const isPlain = delimiter === '\t' && !/(^|\t)"[^"\n]*"(\t|\r?\n|$)/.test(text)
  while (at < text.length) {
    let cell = ''
    if (text[at] === '"' && !isPlain) {
      let end = at + 1
      for (; end < text.length; end++) {
        if (text[end] !== '"') cell += text[end]
        else if (text[end + 1] === '"') cell += text[end++]
        else break
      }
      at = end + 1
    }
    while (at < text.length && text[at] !== delimiter && text[at] !== '\n') cell += text[at++]
    cells.push(text[at] === '\n' && cell.endsWith('\r') ? cell.slice(0, -1) : cell)
    if (text[at] === '\n' || at >= text.length) {
      records.push(cells)
      cells = []
    }
    at++
  }
  if (cells.length > 0) records.push(cells)
  return records
}

/** Leaves by path; places in arrays do not count. */
function valueContent(value) {
  const items = new Map()
  const waiting = [['$', value]]
  while (waiting.length > 0) {
    const [at, one] = waiting.pop()
    if (Array.isArray(one)) for (const element of one) waiting.push([`${at}[]`, element])
    else if (one !== null && typeof one === 'object' && !(one instanceof Date)) {
      if (Object.keys(one).length === 0) add(items, `${at}\u0001{}`)
      for (const [key, element] of Object.entries(one)) waiting.push([`${at}.${key}`, element])
    } else add(items, `${at}\u0001${JSON.stringify(one)}`)
  }
  return { items, columns: new Map(), whole: new Map([[canonical(value), 1]]), names: null }
}

function canonical(value) {
  return JSON.stringify(value, (_, one) =>
    one !== null && typeof one === 'object' && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )
}

function add(counts, item) {
  counts.set(item, (counts.get(item) ?? 0) + 1)
}

export function sameContent(a, b) {
  if (a === null || b === null) return false
  return a.whole.size === b.whole.size && [...a.whole].every(([item, count]) => b.whole.get(item) === count)
}

export function isLawful(merged, { base, ours, theirs }) {
  const all = new Set([
    ...merged.items.keys(),
    ...base.items.keys(),
    ...ours.items.keys(),
    ...theirs.items.keys(),
  ])
  for (const item of all) {
    const name = item.split('\u0001')[0]
    // A column that a side renamed, added or removed has other items; its rows are judged by the other columns.
    if (merged.names !== null && ![merged, base, ours, theirs].every(({ names }) => names.has(name))) continue
    const [m, b, o, t] = [merged, base, ours, theirs].map(({ items }) => items.get(item) ?? 0)
    if (m < Math.min(o, t, o + t - b) || m > Math.max(o, t, o + t - b)) return false
  }
  return true
}

export function breaksKey(merged, { ours, theirs }) {
  const isUnique = (cells) => cells !== undefined && new Set(cells).size === cells.length
  return [...merged.columns].some(
    ([name, cells]) =>
      isUnique(ours.columns.get(name)) && isUnique(theirs.columns.get(name)) && !isUnique(cells),
  )
}
