import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { digestHex } from '../../src/encoding/cid.ts'
import { allRoutes } from '../../src/server/routes/routes.ts'
import { commitOn } from '../remote/history.ts'
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

test('what the document allows is taken, and what it does not allow is refused', async () => {
  const { call, repository } = await serve()
  const store = await repository('shop')
  const commit = digestHex(await commitOn(store, 'refs/heads/main', { files: { a: '1' } }))
  const ajv = new Ajv2020({ strict: false })
  ajv.addSchema((await call('/openapi.json', { token: null })).json as object, 'openapi')
  const names = [
    '',
    'a',
    '7',
    'a.',
    '.a',
    '-a',
    'a-',
    'a..b',
    '..',
    'x'.repeat(100),
    'x'.repeat(101),
    'ä',
    'a b',
    'a/b',
    'a,b',
    'a,',
    '*',
    'a\n',
    '"',
    'A_1.2-3',
  ]
  const checks = [
    ['post', '/v1/repos', '/v1/repos', (name: string) => ({ name })],
    [
      'post',
      '/v1/repos/{repo}/commits/{commit}/checks',
      `/v1/repos/shop/commits/${commit}/checks`,
      (name: string) => ({ name, state: 'success' }),
    ],
    [
      'put',
      '/v1/repos/{repo}/protections',
      '/v1/repos/shop/protections',
      (name: string) => ({ branch: name, protect: null, requireChecks: [] }),
    ],
    [
      'put',
      '/v1/repos/{repo}/protections',
      '/v1/repos/shop/protections',
      (name: string) => ({ branch: 'a', protect: null, requireChecks: [name] }),
    ],
    [
      'post',
      '/v1/repos/{repo}/refs',
      '/v1/repos/shop/refs',
      (name: string) => ({ updates: [], epoch: name.length === 0 ? -1 : name.length }),
    ],
  ] as const
  for (const [method, template, target, bodyOf] of checks) {
    const place = `${template.replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/${method}`
    const validate = ajv.getSchema(`openapi#/paths/${place}/requestBody/content/application~1json/schema`)!
    for (const name of names) {
      const body = bodyOf(name)
      const { status } = await call(target, { method: method === 'post' ? 'POST' : 'PUT', body })
      expect([target, body, status !== 400]).toEqual([target, body, validate(body)])
    }
  }
})

test('every number that may be asked for has bounds, and is taken up to them', async () => {
  const { call, repository } = await serve()
  await commitOn(await repository('shop'), 'refs/heads/main', { files: { a: '1' } })
  for (const { path, parameters = [], isPage, method } of allRoutes('0.0.0', () => false)) {
    if (isPage === true) continue
    for (const { name, in: place, schema, required } of parameters) {
      if (schema['type'] !== 'integer') continue
      expect([path, name, typeof schema['minimum'], typeof schema['maximum']]).toEqual([
        path,
        name,
        'number',
        'number',
      ])
      const isAlone = !parameters.some(
        (other) => other.required === true && other.in === 'query' && other.name !== name,
      )
      if (place !== 'query' || method !== 'GET' || !isAlone || required === true) continue
      const target = path.replace('{repo}', 'shop')
      for (const value of [schema['minimum'], schema['maximum']] as number[])
        expect([target, value, (await call(`${target}?${name}=${value}`)).status < 300]).toEqual([
          target,
          value,
          true,
        ])
      expect((await call(`${target}?${name}=${Number(schema['maximum'])}0`)).status).toBe(400)
    }
  }
})
