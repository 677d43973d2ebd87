// The OpenAPI 3.1 document, made of the table of routes: what is served is what is written down. Pages for people are left
// out: their markup is nothing to rely on.
import type { Answer, Parameter, Route, Schema } from '../interface.ts'
import { components, reference } from './schemas.ts'

const errorStatuses: Readonly<Record<number, string>> = {
  400: 'the request is wrong; the message says why',
  401: 'a token is needed, or it is wrong, expired or revoked',
  403: 'not allowed',
  421: 'the server does not go by that name',
  429: 'too many requests at a time of this token or address; Retry-After says when to come back',
  431: 'the address and the headers have more than 16 KiB',
  500: 'the server has failed',
  503: 'the server is busy, or stops',
}

export function openApi(routes: readonly Route[], version: string): Schema {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes.filter(({ isPage }) => isPage !== true))
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Varve',
      version,
      description: 'Repositories of versioned data: read, query, compare, push. See docs/SERVER.md.',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: components,
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  }
}

function operationOf(route: Route): Schema {
  const { operation, about, access, parameters = [], body, answers } = route
  return {
    operationId: operation,
    summary: about,
    ...(access === 'none'
      ? { security: [] }
      : { security: [{ token: [] }], description: `Needs scope '${access}'.` }),
    parameters: parameters.map(parameterOf),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { [body.type]: { schema: body.schema } } } }),
    responses: {
      ...(body === undefined ? {} : { 413: errorAnswer('larger than is taken') }),
      ...(body?.type === 'application/json' ? { 415: errorAnswer('the body is not JSON') } : {}),
      ...Object.fromEntries(
        Object.entries(errorStatuses).map(([status, words]) => [status, errorAnswer(words)]),
      ),
      ...Object.fromEntries(
        Object.entries(answers).map(([status, answer]) => [status, answerOf(status, answer)]),
      ),
    },
  }
}

function parameterOf({ name, in: place, about, required, schema }: Parameter): Schema {
  return { name, in: place, description: about, required: place === 'path' || required === true, schema }
}

function answerOf(status: string, { about, content, headers }: Answer): Schema {
  if (content === undefined && Number(status) >= 400) return errorAnswer(about)
  return {
    description: about,
    ...(headers === undefined
      ? {}
      : {
          headers: Object.fromEntries(
            Object.entries(headers).map(([name, words]) => [
              name,
              { description: words, schema: { type: 'string' } },
            ]),
          ),
        }),
    ...(content === undefined
      ? {}
      : { content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])) }),
  }
}

function errorAnswer(about: string): Schema {
  return { description: about, content: { 'application/json': { schema: reference('Error') } } }
}
