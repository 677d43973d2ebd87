// What an answer that refuses becomes: an error that says what the server said, whether it passes, and what to do.
import { VarveError } from '../base/errors.ts'
import type { HttpAnswer, HttpClientOptions, HttpRequest } from './client.ts'
import { askedMs, isPassing, periodWords } from './passing.ts'
import { elsewhere, hintFor } from './refusal-words.ts'

interface Refused {
  readonly request: HttpRequest
  readonly attempts: number
  readonly origin: string
  readonly options: HttpClientOptions
}

export function refusal(answer: HttpAnswer, { request, attempts, origin, options }: Refused): VarveError {
  const where = options.location ?? origin
  const { status } = answer
  const said = options.explain?.(answer.body, answer) ?? null
  const asked = isPassing(answer) ? askedMs(answer) : 0
  const data = {
    origin: where,
    status,
    method: request.method,
    path: request.path.replace(/\?.*$/, ''),
    attempts,
    ...(asked > 0 ? { retryAfterMs: asked } : {}),
  }
  const because = said === null ? '' : `: ${said}`
  if (status >= 300 && status < 400) {
    return new VarveError(
      'VARVE_REFUSED',
      `'${where}' sends us to ${elsewhere(origin, answer)}, which is not followed`,
      {
        data,
        hint: 'if you trust the other address, use it as the URL',
      },
    )
  }
  if (isPassing(answer)) {
    const hint =
      asked > 0
        ? `it asks to be left alone for ${periodWords(asked)}: run the command again then`
        : 'it may pass by itself: run the command again later'
    return new VarveError('VARVE_UNREACHABLE', `'${where}' answers ${status}${because}`, {
      data,
      hint,
    })
  }
  if (status === 401 || status === 403) {
    return new VarveError('VARVE_REFUSED', `'${where}' refuses access (${status})${because}`, {
      data,
      ...(options.accessHint === undefined ? {} : { hint: options.accessHint }),
    })
  }
  if (status === 507) {
    return new VarveError('VARVE_DISK_FULL', `no space left at '${where}'${because}`, {
      data: { ...data, atEndpoint: true },
      hint: 'this request has changed nothing there; free some space there and run the command again',
    })
  }
  return new VarveError('VARVE_REFUSED', `'${where}' answers ${status}${because}`, {
    data,
    ...hintFor(status, data.path),
  })
}
