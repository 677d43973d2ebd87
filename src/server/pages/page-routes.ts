// The table of pages. Like all routes they pass the checks of the router; what they show is read by the functions behind the
// REST API, with its parameters, bounds and cursors.
import type { Exchange, Parameter, Route } from '../interface.ts'
import {
  choiceParameter,
  cursorParameter,
  manyParameter,
  oneOf,
  repoParameter,
  requiredText,
  revisionParameter,
  textParameter,
} from '../routes/schemas.ts'
import { commitParameter } from '../routes/commit-routes.ts'
import { showCommit } from './commit-page.ts'
import { showComparison } from './compare-page.ts'
import { downloadFile, downloadTable } from './download.ts'
import { showFile } from './file-page.ts'
import { showFiles } from './files-page.ts'
import { showHistory } from './history-page.ts'
import { sendPicture } from './picture.ts'
import { showRefs } from './refs-page.ts'
import { showRepositories } from './repositories-page.ts'
import { showRow } from './row-page.ts'
import { signInPath, signedIn } from './sign-in.ts'
import { icon, style } from './style.ts'
import { showSql } from './sql-page.ts'
import { showTable } from './table-page.ts'

const cursor = cursorParameter
const path = requiredText('path', 'its path')
const table = requiredText('table', 'its path')

export const pageRoutes: readonly Route[] = [
  page('/', 'showRepositories', [], showRepositories),
  page(signInPath, 'signIn', [textParameter('to', 'where to go on')], signedIn),
  asset('/-style.css', 'getStyle', 'text/css', style),
  asset('/-icon.svg', 'getIcon', 'image/svg+xml', icon),
  inRepository('', 'showRepository', [], showFiles),
  inRepository(
    '/files',
    'showFiles',
    [revisionParameter, textParameter('path', 'a folder'), cursor],
    showFiles,
  ),
  inRepository('/file', 'showFile', [revisionParameter, path], showFile),
  inRepository(
    '/table',
    'showTable',
    [
      revisionParameter,
      table,
      cursor,
      manyParameter('key', 'rows whose key begins so'),
      manyParameter('from', 'the first key'),
      { name: 'order', in: 'query', about: '', schema: oneOf('ascending', 'descending') },
    ],
    showTable,
  ),
  costly(
    'search',
    inRepository(
      '/history',
      'showHistory',
      [revisionParameter, textParameter('path', 'only commits that touched it'), cursor],
      showHistory,
    ),
  ),
  costly(
    'always',
    page('/{repo}/commit/{commit}', 'showCommit', [repoParameter, commitParameter, cursor], showCommit),
  ),
  costly(
    'always',
    inRepository(
      '/compare',
      'showComparison',
      [
        textParameter('from', 'the older revision'),
        textParameter('to', 'the newer one'),
        textParameter('path', 'only this file'),
        textParameter('was', 'what it was called before'),
        choiceParameter('by', 'JSON and YAML by line, not by value', 'lines'),
        cursor,
      ],
      showComparison,
    ),
  ),
  costly(
    'always',
    inRepository(
      '/row',
      'showRow',
      [revisionParameter, table, { ...manyParameter('key', 'the key'), required: true }, cursor],
      showRow,
    ),
  ),
  costly(
    'query',
    inRepository(
      '/sql',
      'showSql',
      [
        textParameter('revision', 'of names that say none; default: the current branch'),
        textParameter('query', 'a SELECT'),
      ],
      showSql,
    ),
  ),
  inRepository('/refs', 'showRefs', [textParameter('name', 'what names contain'), cursor], showRefs),
  saved('/picture', 'getPicture', [revisionParameter, path], sendPicture),
  saved('/download', 'downloadFile', [revisionParameter, path], downloadFile),
  costly(
    'always',
    saved(
      '/export',
      'downloadTable',
      [
        revisionParameter,
        table,
        { name: 'format', in: 'query', about: '', schema: oneOf('csv', 'tsv', 'jsonl') },
      ],
      downloadTable,
    ),
  ),
]

function costly(when: NonNullable<Route['costly']>, route: Route): Route {
  return { ...route, costly: when }
}

function saved(...of: Parameters<typeof inRepository>): Route {
  return { ...inRepository(...of), isSaved: true }
}

function inRepository(
  below: string,
  operation: string,
  parameters: readonly Parameter[],
  handle: Route['handle'],
): Route {
  return page(`/{repo}${below}`, operation, [repoParameter, ...parameters], handle)
}

function page(
  at: string,
  operation: string,
  parameters: readonly Parameter[],
  handle: Route['handle'],
): Route {
  const common = { method: 'GET', about: 'A page', access: 'read', isPage: true, answers: {} } as const
  return { ...common, path: at, operation, parameters, handle }
}

/** A route for a file that is the same for everybody. */
function asset(at: string, operation: string, type: string, text: string): Route {
  const bytes = Buffer.from(text)
  const handle = async ({ response }: Exchange): Promise<void> => {
    response
      .writeHead(200, {
        'content-type': `${type}; charset=utf-8`,
        'content-length': bytes.length,
        'cache-control': 'public, max-age=31536000, immutable',
      })
      .end(bytes)
  }
  return { ...page(at, operation, [textParameter('v', 'its version')], handle), access: 'none' }
}
