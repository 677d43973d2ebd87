// What differs between two revisions: every path with counts, and of each the first changes. Bounded: so many paths a page,
// so many rows and lines of each; the rest is behind links.
import type { DiffStat, RowChange } from '../../api/interface.ts'
import type { ValueChange } from '../../documents/structure/diff-values.ts'
import type { PathDiff } from '../../repo/diff/diff.ts'
import { type Ends, type PathPlace, pageOf, pageOfPaths, pageOfRows } from '../listings/comparison.ts'
import { pathCursor } from '../listings/diff-cursors.ts'
import type { Exchange } from '../interface.ts'
import { changeOf, counts, stateOf } from './change.ts'
import { type Html, type Part, html } from './html.ts'
import { scrollable } from './layout.ts'
import { type ChangedLine, changedLines } from './line-changes.ts'
import type { View } from './view.ts'
import { countOf } from './words.ts'

const filesMax = 50
/** Rows shown of a path. The first `fullMax` paths are shown so far, the others by their counts. */
const rowsMax = 30
const linesMax = 120
const fullMax = 12

export interface ShownChanges {
  readonly body: Html
  readonly cursor: string | null
}

export async function showChanges(
  exchange: Exchange,
  view: View,
  ends: Ends,
  at: PathPlace | null,
): Promise<ShownChanges> {
  const { items, next } = await pageOfPaths(
    exchange,
    { ends },
    { at, limit: filesMax },
    async (diff, stat, place) => ({
      stat,
      details: place < fullMax ? await firstChanges(view, ends, diff, stat) : null,
    }),
  )
  const stats = items.map(({ stat }) => stat)
  const body = html`${summary(view, ends, stats, next !== null || at !== null)} ${items.map(({ details }) => details)}`
  return { body, cursor: next === null ? null : pathCursor(ends, next) }
}

function summary(view: View, ends: Ends, stats: readonly DiffStat[], isPart: boolean): Part {
  if (stats.length === 0) return html`<p class="note">Nothing differs.</p>`
  const heading = isPart
    ? 'Paths that differ, in pages'
    : countOf(stats.length, 'path differs', 'paths differ')
  return html`<h2>${heading}</h2>
    ${scrollable(
      'Paths that differ',
      html`<table class="list">
        <thead><tr><th scope="col">Path</th><th scope="col">State</th><th scope="col">Changes</th></tr></thead>
        <tbody>${stats.map((stat) => html`<tr><td class="name"><a href="${fileUrl(view, ends, stat)}">${stat.path}</a>${stat.table !== undefined && html` <span class="faint">${stat.table}</span>`}</td><td>${stateOf(stat)}</td><td>${counts(stat)}</td></tr>\n`)}</tbody>
      </table>`,
    )}`
}

async function firstChanges(view: View, ends: Ends, file: PathDiff, stat: DiffStat): Promise<Html> {
  const page = await changesOf(file, { skip: 0, rows: rowsMax, lines: linesMax })
  const url = fileUrl(view, ends, stat)
  return html`<section class="change">
    <h3><a href="${url}">${stat.path}</a>${stat.table !== undefined && html` <span class="faint">${stat.table}</span>`} <span class="end">${counts(stat)}</span></h3>
    ${changeOf(file, page)}
    ${page.more && html`<p><a href="${url}">All changes of this ${file.kind === 'table' ? 'table' : 'file'}</a></p>`}
  </section>`
}

/** What has changed in one path: one of the three lists has it, the others are empty. */
export interface ChangesPage {
  readonly rows: readonly RowChange[]
  readonly values: readonly ValueChange[]
  readonly lines: readonly ChangedLine[]
  readonly more: boolean
}

export interface ChangesOptions {
  readonly skip: number
  readonly rows: number
  readonly lines: number
  /** JSON and YAML too by line, not by value. */
  readonly byLines?: boolean
}

export async function changesOf(
  file: PathDiff,
  { skip, rows, lines, byLines = false }: ChangesOptions,
): Promise<ChangesPage> {
  const nothing = { rows: [], values: [], lines: [] }
  if (file.kind === 'table') {
    const page = await pageOfRows(file, { skip, limit: rows })
    return { ...nothing, rows: page.items, more: page.more }
  }
  const values = byLines ? null : await file.values()
  if (values !== null) {
    const items = values.changes.slice(skip, skip + rows)
    return { ...nothing, values: items, more: skip + rows < values.changes.length }
  }
  const found = changedLines(file.hunks())
  const page = await pageOf(found, { skip, limit: lines, bytesOf: ({ text }) => text.length })
  return { ...nothing, lines: page.items, more: page.more }
}

function fileUrl(view: View, { from, to }: Ends, { path, from: was }: DiffStat): ReturnType<View['to']> {
  return view.to('compare', { revision: undefined, from, to, path, was })
}
