// One file at a revision: a text with numbered lines, a picture, or how large it is. Nothing of it becomes markup: HTML and
// SVG are texts here.
import type { ListEntry } from '../../api/interface.ts'
import { isUtf8 } from '../../base/bytes.ts'
import type { Exchange } from '../interface.ts'
import { entryOf } from '../routes/tree-routes.ts'
import { breadcrumbs } from './breadcrumbs.ts'
import { type Html, type Part, html } from './html.ts'
import { layout, scrollable } from './layout.ts'
import { collected, pictureBytesMax, pictureType } from './picture.ts'
import { revisionBar } from './revision-bar.ts'
import { sendPage } from './send-page.ts'
import { cut } from './values.ts'
import { View } from './view.ts'
import { count, size } from './words.ts'

const textBytesMax = 512 << 10
const linesMax = 5000
const lineLettersMax = 2000

export async function showFile(exchange: Exchange): Promise<void> {
  const { query, repository, response, signal } = exchange
  const view = View.of(exchange)
  const path = query.required('path')
  const snapshot = await repository().data.at(query.text('revision') ?? 'HEAD')
  const entry = await entryOf(snapshot, path)
  const bytes =
    entry.kind === 'table'
      ? Buffer.alloc(0)
      : await collected(snapshot.read(path, { start: 0, end: textBytesMax, signal }))
  const body = html`${breadcrumbs(view, path)}
    <div class="row">
      ${await revisionBar(exchange, view, 'file', { path })} ${entry.kind === 'file' && size(entry.size)}
      <span class="end">
        <a href="${view.to('history', { path })}">History</a> ·
        <a href="${view.to('download', { path })}">Download</a>
      </span>
    </div>
    ${content(view, path, entry, bytes)}`
  sendPage(response, layout(view, { title: path, tab: 'files', body }))
}

function content(view: View, path: string, entry: ListEntry, bytes: Buffer): Part {
  if (entry.kind === 'table')
    return html`<p class="note">This is <a href="${view.to('table', { table: path })}">a table</a>.</p>`
  if (entry.kind === 'symlink')
    return html`<p class="note">A symbolic link to <code>${cut(bytes.toString(), lineLettersMax)}</code></p>`
  if (pictureType(bytes) !== null && entry.size <= pictureBytesMax)
    return html`<img class="picture" src="${view.to('picture', { path })}" alt="${path}" />`
  const text = textOf(bytes, entry.size)
  if (text === null) return html`<p class="note">These bytes are not text.</p>`
  if (text === '') return html`<p class="note">The file is empty.</p>`
  return lines(path, text, bytes.length < entry.size)
}

/** null for what is no text. A letter that was cut in two at the end falls away. */
function textOf(bytes: Buffer, whole: number): string | null {
  let end = bytes.length
  for (let tries = 0; tries < 3 && bytes.length < whole && !isUtf8(bytes.subarray(0, end)); tries++) end--
  const part = bytes.subarray(0, end)
  return part.includes(0) || !isUtf8(part) ? null : part.toString()
}

function lines(path: string, text: string, isPart: boolean): Html {
  const all = text.split(/\r?\n/)
  if (all.at(-1) === '') all.pop()
  const shown = all.slice(0, linesMax)
  const left = isPart || shown.length < all.length
  return html`${scrollable(
    path,
    html`<table class="lines">
      <tbody>
        ${shown.map(
          (line, i) =>
            html`<tr id="L${i + 1}">
              <td class="at">${i + 1}</td>
              <td>${cut(line, lineLettersMax)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`,
  )}
  ${left && html`<p class="faint">The first ${count(shown.length)} lines. Download the file for the rest.</p>`}`
}
