// What differs between two revisions: every path with counts, and of each the first changes. Bounded: so many paths a page,
// so many rows and lines of each; the rest is behind links.
import type { DiffStat, FileDiff } from '../../api/interface.ts'
import { bytesOfRow, flat, pageOf } from '../diff-routes.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import type { Exchange } from '../interface.ts'
import { changeOf, counts, stateOf } from './change.ts'
import { type Html, type Part, html } from './html.ts'
import { scrolled } from './layout.ts'
import { changedLines } from './line-changes.ts'
import type { View } from './view.ts'
import { countOf } from './words.ts'

const filesMax = 50
/** Of each path; the first `fullMax` are shown so far, others by their counts. */
const rowsMax = 30
const linesMax = 120
const fullMax = 12
const cursorKind = 'changes'

export interface Ends {
  /** Ids of commits, or the empty revision. */
  readonly from: string
  readonly to: string
}

export interface ShownChanges {
  readonly body: Html
  readonly cursor: string | null
}

export async function showChanges(exchange: Exchange, view: View, ends: Ends): Promise<ShownChanges> {
  const { query, repository, signal } = exchange
  const { data } = repository()
  const given = query.text('cursor')
  const skip = given === undefined ? 0 : Number(decodeCursor(given, cursorKind)[0] ?? 0)
  const stats = await pageOf(data.diffStat({ ...ends, signal }), { skip, limit: filesMax, bytesOf: () => 0 })
  const details: Html[] = []
  let seen = 0
  for await (const file of data.diff({ ...ends, signal })) {
    if (seen++ < skip) continue
    if (details.length === Math.min(stats.items.length, fullMax)) break
    details.push(await firstChanges(view, ends, file, stats.items[details.length]!))
  }
  const body = html`${summary(view, ends, stats.items, stats.more || skip > 0)} ${details}`
  return { body, cursor: stats.more ? encodeCursor(cursorKind, [String(skip + stats.items.length)]) : null }
}

function summary(view: View, ends: Ends, stats: readonly DiffStat[], isPart: boolean): Part {
  if (stats.length === 0) return html`<p class="note">Nothing differs.</p>`
  const heading = isPart
    ? 'Paths that differ, in pages'
    : `${countOf(stats.length, 'path differs', 'paths differ')}`
  return html`<h2>${heading}</h2>
    ${scrolled(
      'Paths that differ',
      html`<table class="list">
        <thead><tr><th scope="col">Path</th><th scope="col">State</th><th scope="col">Changes</th></tr></thead>
        <tbody>${stats.map((stat) => html`<tr><td class="name"><a href="${fileUrl(view, ends, stat)}">${stat.path}</a>${stat.table !== undefined && html` <span class="faint">${stat.table}</span>`}</td><td>${stateOf(stat)}</td><td>${counts(stat)}</td></tr>\n`)}</tbody>
      </table>`,
    )}`
}

async function firstChanges(view: View, ends: Ends, file: FileDiff, stat: DiffStat): Promise<Html> {
  const [rows, lines] = await changesOf(file, { skip: 0, rows: rowsMax, lines: linesMax })
  const url = fileUrl(view, ends, stat)
  return html`<section class="change">
    <h3><a href="${url}">${stat.path}</a>${stat.table !== undefined && html` <span class="faint">${stat.table}</span>`} <span class="end">${counts(stat)}</span></h3>
    ${changeOf(file, rows.items, lines.items)}
    ${(rows.more || lines.more) && html`<p><a href="${url}">All changes of this ${file.kind === 'table' ? 'table' : 'file'}</a></p>`}
  </section>`
}

export type FilePage = readonly [
  { readonly items: Parameters<typeof changeOf>[1]; readonly more: boolean },
  { readonly items: Parameters<typeof changeOf>[2]; readonly more: boolean },
]

export async function changesOf(
  file: FileDiff,
  { skip, rows, lines }: { readonly skip: number; readonly rows: number; readonly lines: number },
): Promise<FilePage> {
  const none = { items: [], more: false }
  return file.kind === 'table'
    ? [await pageOf(flat(file.rows()), { skip, limit: rows, bytesOf: bytesOfRow }), none]
    : [
        none,
        await pageOf(changedLines(file.hunks()), { skip, limit: lines, bytesOf: ({ text }) => text.length }),
      ]
}

function fileUrl(view: View, { from, to }: Ends, { path, from: was }: DiffStat): ReturnType<View['to']> {
  return view.to('compare', { revision: undefined, from, to, path, was })
}
