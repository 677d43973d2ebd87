// The table of all routes.
import type { Route } from '../interface.ts'
import { HttpError, sendJson } from '../answers.ts'
import { openApi } from './openapi.ts'
import { commitRoutes } from './commit-routes.ts'
import { diffRoutes } from './diff-routes.ts'
import { pageRoutes } from '../pages/page-routes.ts'
import { pushRoutes } from './push-routes.ts'
import { repositoryRoutes } from './repository-routes.ts'
import { rowLogRoutes } from './row-log-routes.ts'
import { rowRoutes } from './row-routes.ts'
import { json, object } from './schemas.ts'
import { sqlRoutes } from './sql-routes.ts'
import { storeRoutes } from './store-routes.ts'
import { treeRoutes } from './tree-routes.ts'
import { uploadRoutes } from './upload-routes.ts'

/** When `isStopping`, the health check fails, so that no more requests are sent here. */
export function allRoutes(version: string, isStopping: () => boolean): readonly Route[] {
  const routes: Route[] = [
    {
      method: 'GET',
      path: '/health',
      operation: 'getHealth',
      about: 'Whether the server takes requests',
      access: 'none',
      answers: {
        200: json('it does', object({ status: { type: 'string' }, version: { type: 'string' } })),
        503: { about: 'it stops' },
      },
      handle: async ({ response }) => {
        if (isStopping()) throw new HttpError(503, 'VARVE_UNREACHABLE', 'the server stops')
        await sendJson(response, { status: 'ok', version })
      },
    },
    {
      method: 'GET',
      path: '/openapi.json',
      operation: 'getOpenApi',
      about: 'This document',
      access: 'none',
      answers: { 200: json('OpenAPI 3.1', { type: 'object' }) },
      handle: async ({ response }) => sendJson(response, openApi(routes, version)),
    },
    {
      method: 'GET',
      path: '/metrics',
      operation: 'getMetrics',
      about: 'What the server counts, for Prometheus',
      access: 'read',
      answers: { 200: { about: 'text format', content: { 'text/plain': { type: 'string' } } } },
      handle: async ({ response, services }) => {
        const text = await services.metrics.text()
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text)
      },
    },
    ...repositoryRoutes,
    ...commitRoutes,
    ...treeRoutes,
    ...rowRoutes,
    ...rowLogRoutes,
    ...diffRoutes,
    ...sqlRoutes,
    ...storeRoutes,
    ...uploadRoutes,
    ...pushRoutes,
    ...pageRoutes,
  ]
  return routes
}
