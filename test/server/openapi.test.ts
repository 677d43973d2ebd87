import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { allRoutes } from '../../src/server/routes.ts'
import { serve } from './serving.ts'

test('the document is valid OpenAPI 3.1, and has every route of the router but the pages, and no other', async () => {
  const { call } = await serve()
  const { json } = await call('/openapi.json', { token: null })
  const validator = new Validator()
  expect(await validator.validate(structuredClone(json))).toMatchObject({ valid: true })
  expect(validator.version).toBe('3.1')
  const written = Object.entries(json.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const routed = allRoutes('0.0.0', () => false)
    .filter(({ isPage }) => isPage !== true)
    .map(({ method, path }) => `${method} ${path}`)
  expect(written.sort()).toEqual(routed.sort())
  const operations = allRoutes('0.0.0', () => false).map(({ operation }) => operation)
  expect(new Set(operations).size).toBe(operations.length)
})

test('every parameter of a path is declared, and no other', () => {
  for (const { path, parameters = [] } of allRoutes('0.0.0', () => false)) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    expect([path, parameters.filter((one) => one.in === 'path').map(({ name }) => name)]).toEqual([
      path,
      inPath,
    ])
  }
})

test('what is not there, and methods that are not, are answered as such', async () => {
  const { call } = await serve()
  expect((await call('/v2')).status).toBe(404)
  expect((await call('/v1/repos/%zz')).status).toBe(404)
  const wrong = await call('/v1/repos', { method: 'DELETE' })
  expect([wrong.status, wrong.headers['allow']]).toEqual([405, 'GET, HEAD, POST'])
})
