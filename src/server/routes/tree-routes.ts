// The dataset at a revision: what is in it, and the bytes of one file.
import type { Snapshot } from '../../api/tables/data.ts'
import type { ListEntry } from '../../api/interface.ts'
import { compareBytes } from '../../base/bytes.ts'
import { VarveError } from '../../base/errors.ts'
import { pathToBytes } from '../../files/path.ts'
import { sendJson, sendStream } from '../answers.ts'
import { Cursors, checkPinned, commitPart, pathPart } from '../listings/cursor.ts'
import { readFolder } from '../listings/folder.ts'
import type { Exchange, Route } from '../interface.ts'
import { rangeHeaders, rangeOf } from '../ranges.ts'
import {
  binary,
  countParameter,
  cursorParameter,
  cursorSchema,
  idSchema,
  json,
  listOf,
  notFound,
  object,
  oneOf,
  reference,
  repoParameter,
  requiredText,
  revisionParameter,
  textParameter,
} from './schemas.ts'

const entriesMax = 10_000
const cursors = new Cursors<[commit: string, lastPath: string]>('tree', commitPart, pathPart)

export const treeRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/repos/{repo}/tree',
    operation: 'listTree',
    about: 'Files and tables at a revision, by path',
    access: 'read',
    parameters: [
      repoParameter,
      revisionParameter,
      textParameter('path', 'only what lies at or below this path'),
      {
        name: 'depth',
        in: 'query',
        about: "'all' (default), or 'one': what lies directly in the folder, with folders as entries",
        schema: oneOf('all', 'one'),
      },
      countParameter('limit', 'how many at most (default 1000)', entriesMax),
      cursorParameter,
    ],
    answers: {
      200: json(
        'a page of it',
        object({ commit: idSchema, items: listOf(reference('Entry')), cursor: cursorSchema }),
      ),
      404: notFound,
    },
    handle: listTree,
  },
  {
    method: 'GET',
    path: '/v1/repos/{repo}/file',
    operation: 'getFile',
    about: "A file's bytes, a table as its file, a symbolic link's target",
    access: 'read',
    parameters: [
      repoParameter,
      revisionParameter,
      requiredText('path', 'its path'),
      { name: 'range', in: 'header', about: "'bytes=0-99', of files", schema: { type: 'string' } },
    ],
    answers: {
      200: binary('all of it'),
      206: binary('a part'),
      404: notFound,
      416: { about: 'no such bytes' },
    },
    handle: (exchange) => getFile(exchange),
  },
]

async function listTree(exchange: Exchange): Promise<void> {
  const { query, response, signal } = exchange
  if (query.text('depth') === 'one') {
    await sendJson(response, await readFolder(exchange))
    return
  }
  const limit = query.number('limit') ?? 1000
  const given = cursors.read(query)
  if (given !== null) await checkPinned(exchange.repository(), given[0])
  const [pinned, last] = given ?? [query.text('revision') ?? 'HEAD']
  const snapshot = await exchange.repository().data.at(pinned)
  const path = query.text('path')
  const found = []
  let next: string | null = null
  for await (const entry of snapshot.list({ signal, ...(path === undefined ? {} : { path }) })) {
    if (last !== undefined && !isBehind(entry.path, last)) continue
    if (found.length === limit) {
      next = cursors.write(snapshot.commit, found.at(-1)?.path ?? '')
      break
    }
    found.push(entry)
  }
  await sendJson(response, { commit: snapshot.commit, items: found, cursor: next })
}

/** Whether a path comes after another in the order of their bytes, which is that of paths. */
function isBehind(path: string, last: string): boolean {
  return compareBytes(pathToBytes(path), pathToBytes(last)) > 0
}

export async function entryOf(snapshot: Snapshot, path: string): Promise<ListEntry> {
  for await (const entry of snapshot.list({ path })) if (entry.path === path) return entry
  throw new VarveError('VARVE_PATH_NOT_FOUND', `'${path}' is a folder`, {
    data: { path },
    hint: 'name a file or a table in it',
  })
}

/** `disposition` says what a browser is to do with the file. */
export async function getFile(exchange: Exchange, disposition = 'attachment'): Promise<void> {
  const { query, request, response, signal } = exchange
  const snapshot = await exchange.repository().data.at(query.text('revision') ?? 'HEAD')
  const path = query.required('path')
  const entry = await entryOf(snapshot, path)
  const headers = {
    // Whatever the bytes are, no browser shall take them for a page of ours.
    'content-type': 'application/octet-stream',
    'content-disposition': disposition,
    'cache-control': 'no-cache',
    etag: `"${snapshot.commit.slice(0, 16)}-${entry.id.slice(0, 32)}"`,
    'varve-commit': snapshot.commit,
  }
  if (entry.kind !== 'file') {
    response.writeHead(200, headers)
    await sendStream(response, snapshot.read(path, { signal }), signal)
    return
  }
  const wanted = rangeOf(request.headers.range, entry.size)
  response.writeHead(wanted.isPart ? 206 : 200, { ...headers, ...rangeHeaders(wanted, entry.size) })
  const { start, end } = wanted
  await sendStream(response, snapshot.read(path, { start, end, signal }), signal)
}
