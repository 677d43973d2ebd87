// The end of a push: the packs that were uploaded are taken in, and the refs move. What happens is written to the audit
// log before (so that nothing happens unseen) and after.
import { VarveError, isVarveError, throwIfAborted } from '../../base/errors.ts'
import { type Cid, digestHex, parseCid } from '../../encoding/cid.ts'
import { type PushedUpdate, type ReceiveReport, receivePush } from '../../remote/receive-push.ts'
import { PackReader } from '../../store/disk/pack-reader.ts'
import { HttpError, readJson, sendJson } from '../answers.ts'
import { type AuditEntry, auditEnd } from '../audit.ts'
import { checkRef } from '../access/authorize.ts'
import type { Exchange, Route } from '../interface.ts'
import { checkProtections } from '../access/protection.ts'
import {
  idOrNullSchema,
  idSchema,
  json,
  listOf,
  notFound,
  object,
  reference,
  repoParameter,
} from './schemas.ts'
import { placeOf } from './upload-routes.ts'

const packsMax = 10_000

export const pushRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/repos/{repo}/refs',
    operation: 'moveRefs',
    about: 'Takes uploaded packs in and moves refs: all of them, or none',
    access: 'write',
    isLong: true,
    parameters: [repoParameter],
    body: {
      type: 'application/json',
      schema: object(
        {
          updates: listOf(
            object(
              {
                ref: { type: 'string', minLength: 1, maxLength: 1000 },
                before: idOrNullSchema,
                after: idOrNullSchema,
                force: { type: 'boolean' },
              },
              ['force'],
            ),
          ),
          packs: { ...listOf(idSchema), maxItems: packsMax },
          epoch: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
        },
        ['packs', 'epoch'],
      ),
    },
    answers: {
      200: json(
        'the refs are as was asked',
        object({
          updates: listOf(reference('RefUpdate')),
          objects: { type: 'integer' },
          bytes: { type: 'integer' },
          sequence: { type: 'integer' },
        }),
      ),
      404: notFound,
      409: { about: "a ref is not what 'before' says: nothing has moved" },
      422: { about: 'what was sent is damaged, or not all there: nothing has moved' },
      507: { about: 'no space left: nothing has moved' },
    },
    handle: moveRefs,
  },
]

interface Push {
  readonly updates: readonly PushedUpdate[]
  readonly packs: readonly string[]
  readonly epoch: number | undefined
}

async function moveRefs(exchange: Exchange): Promise<void> {
  const { principal, services, request, response } = exchange
  const repository = exchange.repository()
  const push = readPush(await readJson(request, services.limits.bodyBytesMax))
  const entry = (result: AuditEntry['result'], data: AuditEntry['data']): AuditEntry => ({
    who: { id: principal.id, name: principal.name },
    address: request.socket.remoteAddress ?? '',
    what: 'push',
    repository: repository.name,
    result,
    data: data ?? {},
  })
  const asked = push.updates.map(({ ref, before, after, force }) => ({
    ref,
    before: before === null ? null : digestHex(before),
    after: after === null ? null : digestHex(after),
    force: force === true,
  }))
  await services.audit.append(entry('begun', { updates: asked }))
  let report: ReceiveReport
  try {
    report = await services.turns.take(`${principal.id} ${repository.name}`, () => receive(exchange, push))
  } catch (error) {
    services.metrics.pushed('refused')
    const why = isVarveError(error) ? error.code : 'VARVE_INTERNAL'
    const result = isVarveError(error, 'VARVE_REFUSED') ? 'refused' : 'failed'
    await auditEnd(services, entry(result, { updates: asked, why }))
    throw isVarveError(error) && error.data['reason'] === 'moved'
      ? new HttpError(409, 'VARVE_REFUSED', error.message)
      : error
  }
  services.metrics.pushed('done')
  const updates = report.updates.map(({ ref, before, after, forced }) => ({
    ref,
    before: before === null ? null : digestHex(before),
    after: after === null ? null : digestHex(after),
    forced,
  }))
  await auditEnd(services, entry('done', { updates, sequence: report.sequence }))
  services.uploads.remove(placeOf(exchange), push.packs)
  await sendJson(response, { ...report, updates })
}

async function receive(exchange: Exchange, push: Push): Promise<ReceiveReport> {
  const { principal, services, signal } = exchange
  // Whoever waited for their turn may have gone meanwhile.
  throwIfAborted(signal)
  const { name, store } = exchange.repository()
  for (const { ref } of push.updates) checkRef(principal, ref)
  try {
    const open = async (): Promise<PackReader> => {
      const sources = await services.uploads.take(placeOf(exchange), push.packs)
      const limits = { packBytesMax: services.limits.packBytesMax, recordsMax: 32_000_000 }
      return PackReader.open(sources, store, { signal, limits })
    }
    return await receivePush(store, open, {
      updates: push.updates,
      author: principal.name,
      epoch: push.epoch,
      signal,
      permit: async (updates, manifest) => {
        await services.uploads.flushed(placeOf(exchange), push.packs)
        checkProtections(updates, manifest.config, (commit) => services.checks.of(name, commit))
      },
    })
  } catch (error) {
    // Nobody can go on from bytes that are wrong.
    if (isVarveError(error, 'VARVE_CORRUPT')) services.uploads.remove(placeOf(exchange), push.packs)
    throw error
  }
}

function readPush(document: Record<string, unknown>): Push {
  const { updates, packs = [], epoch, ...rest } = document
  const isList = Array.isArray(updates) && Array.isArray(packs) && packs.length <= packsMax
  if (!isList || Object.keys(rest).length > 0) throw bad("it has 'updates', 'packs' and 'epoch'")
  if (!packs.every((pack) => typeof pack === 'string' && /^[0-9a-f]{64}$/.test(pack)))
    throw bad('a pack is named by 64 hex digits')
  if (epoch !== undefined && !(Number.isSafeInteger(epoch) && Number(epoch) >= 0))
    throw bad('an epoch is a whole number')
  return {
    updates: updates.map((update) => readUpdate(update)),
    packs: [...new Set(packs as string[])],
    epoch: epoch as number | undefined,
  }
}

function readUpdate(value: unknown): PushedUpdate {
  if (typeof value !== 'object' || value === null) throw bad('an update is an object')
  const { ref, before, after, force, ...rest } = value as Record<string, unknown>
  if (typeof ref !== 'string' || ref.length > 1000 || Object.keys(rest).length > 0)
    throw bad("an update has 'ref', 'before', 'after' and 'force'")
  if (force !== undefined && typeof force !== 'boolean') throw bad("'force' is true or false")
  return { ref, before: readId(before), after: readId(after), force }
}

/** Reads the id of a commit or a tag, both of which are dag-cbor. */
function readId(value: unknown): Cid | null {
  if (value === null) return null
  const cid = typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? parseCid(value) : null
  if (cid === null) throw bad('a ref is 64 hex digits, or null')
  return cid
}

function bad(why: string): VarveError {
  return new VarveError('VARVE_USAGE', `not a push: ${why}`, { hint: 'see /openapi.json' })
}
