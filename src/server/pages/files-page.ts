// A folder of a revision: what is in it, how large files are and how many rows tables have. The start of a repository is its
// top folder.
import type { CommitInfo } from '../../api/interface.ts'
import type { FolderEntry } from '../listings/folder.ts'
import { readFolder } from '../listings/folder.ts'
import type { Exchange } from '../interface.ts'
import { breadcrumbs } from './breadcrumbs.ts'
import { type Html, type Part, html } from './html.ts'
import { icons } from './icons.ts'
import { layout, pager, scrollable } from './layout.ts'
import { newestOf } from './repositories-page.ts'
import { revisionBar } from './revision-bar.ts'
import { sendPage } from './send-page.ts'
import { View, isAddressable } from './view.ts'
import { commitLink, count, moment, nameOf, refTags, size, subjectOf } from './words.ts'

export async function showFiles(exchange: Exchange): Promise<void> {
  const { query, repository, response } = exchange
  const view = View.of(exchange)
  if (view.revision === undefined && (await newestOf(repository())) === null) {
    sendPage(response, emptyPage(view))
    return
  }
  const page = await readFolder(exchange)
  const commit = await repository().data.commitInfo(page.commit)
  const path = (query.text('path') ?? '').replace(/\/+$/, '')
  const here = path === '' ? {} : { path }
  const body = html`${breadcrumbs(view, path)}
    <div class="row">
      ${await revisionBar(exchange, view, 'files', here)}
      <span class="end"
        ><a href="${view.to('history', here)}">History${path !== '' && ' of this folder'}</a></span
      >
    </div>
    ${newest(view, commit)} ${listing(view, path, page.items)}
    ${pager({
      next: page.cursor === null ? null : view.to('files', { ...here, cursor: page.cursor }),
      first: query.text('cursor') === undefined ? null : view.to('files', here),
    })}`
  sendPage(response, layout(view, { title: path === '' ? 'Files' : path, tab: 'files', body }))
}

function newest(view: View, commit: CommitInfo): Html {
  return html`<p class="row">
    ${commitLink(view, commit.id)}
    <span>${subjectOf(commit.message)}${refTags(view, commit)}</span>
    <span class="faint end">${nameOf(commit.author)}, ${moment(commit.author)}</span>
  </p>`
}

function listing(view: View, path: string, items: readonly FolderEntry[]): Html {
  const up = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : ''
  return scrollable(
    'Files and tables',
    html`<table class="list">
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" class="number">Rows</th>
          <th scope="col" class="number">Size</th>
        </tr>
      </thead>
      <tbody>
        ${
          path !== '' &&
          html`<tr>
            <td class="name" colspan="3">
              ${icons.folder}<a href="${view.to('files', up === '' ? {} : { path: up })}"
                >.. <span class="hidden">folder above</span></a
              >
            </td>
          </tr>`
        }
        ${[...items].sort(foldersFirst).map((item) => entryRow(view, path, item))}
      </tbody>
    </table>`,
  )
}

/** Sorts folders first, within one page; the pages themselves follow the order of paths. */
function foldersFirst(a: FolderEntry, b: FolderEntry): number {
  return Number(b.kind === 'folder') - Number(a.kind === 'folder')
}

function entryRow(view: View, folder: string, { path, kind, size: length }: FolderEntry): Html {
  const name = folder === '' ? path : path.slice(folder.length + 1)
  const url =
    kind === 'folder'
      ? view.to('files', { path })
      : kind === 'table'
        ? view.to('table', { table: path })
        : view.to('file', { path })
  const shown: Part = kind === 'folder' ? `${name}/` : name
  return html`<tr>
    <td class="name">${icons[kind]}${isAddressable(path) ? html`<a href="${url}">${shown}</a>` : shown}</td>
    <td class="number">${kind === 'table' && count(length)}</td>
    <td class="number">
      ${kind === 'file' ? size(length) : kind === 'symlink' && html`<span class="faint">link</span>`}
    </td>
  </tr>`
}

function emptyPage(view: View): Html {
  const body = html`<h1>${view.repo}</h1>
    <p class="note">
      There is no commit on the current branch yet. Push to it, or look at
      <a href="${view.to('refs')}">other branches</a>.
    </p>`
  return layout(view, { title: '', tab: 'files', body })
}
