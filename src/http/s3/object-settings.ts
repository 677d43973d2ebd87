// How objects are kept in a store, and who pays: server-side encryption, storage class, requester pays. AWS's tools have
// flags for them and no variables, so these are ours; without any, what the bucket itself says counts.
import { VarveError } from '../../base/errors.ts'

type Variables = Readonly<Record<string, string | undefined>>

export interface ObjectSettings {
  /** Headers of every request. */
  readonly always: Readonly<Record<string, string>>
  /** Headers of requests that begin a new object. */
  readonly creating: Readonly<Record<string, string>>
  /**
   * Headers for new objects of 128 KiB and more: cheaper classes bill smaller ones as if they were that large, and
   * small files are read most.
   */
  readonly large: Readonly<Record<string, string>>
}

const largeBytesMin: number = 128 << 10

/** Setting of a remote (`remote.NAME.…`) -> the variable that says the same for all. */
export const objectVariables = {
  encryption: 'VARVE_S3_ENCRYPTION',
  kmsKeyId: 'VARVE_S3_KMS_KEY_ID',
  storageClass: 'VARVE_S3_STORAGE_CLASS',
  requestPayer: 'VARVE_S3_REQUEST_PAYER',
} as const

const rules: Readonly<Record<keyof typeof objectVariables, { rule: RegExp; hint: string }>> = {
  encryption: { rule: /^(AES256|aws:kms|aws:kms:dsse)$/, hint: 'AES256, aws:kms or aws:kms:dsse' },
  kmsKeyId: { rule: /^[\w:/+=.@-]{1,2048}$/, hint: 'the id or ARN of a key, with encryption aws:kms' },
  storageClass: {
    rule: /^(?!(GLACIER|DEEP_ARCHIVE|SNOW)$)[A-Z][A-Z0-9_]{0,63}$/,
    hint: 'one whose objects can be read at once, such as STANDARD_IA, INTELLIGENT_TIERING or GLACIER_IR',
  },
  requestPayer: { rule: /^requester$/, hint: 'requester' },
}

/** @throws VarveError VARVE_REFUSED for what no store would understand, or what would make data unreadable */
export function objectSettings(environment: Variables): ObjectSettings {
  const given = (setting: keyof typeof objectVariables): string | null => {
    const text = environment[objectVariables[setting]]?.trim() ?? ''
    if (text === '') return null
    if (rules[setting].rule.test(text)) return text
    throw unusable(setting, text, rules[setting].hint)
  }
  const [encryption, key] = [given('encryption'), given('kmsKeyId')]
  const [storageClass, payer] = [given('storageClass'), given('requestPayer')]
  if (key !== null && !(encryption ?? '').startsWith('aws:kms'))
    throw unusable('kmsKeyId', key, 'it needs encryption aws:kms or aws:kms:dsse')
  return {
    always: payer === null ? {} : { 'x-amz-request-payer': payer },
    creating: {
      ...(encryption === null ? {} : { 'x-amz-server-side-encryption': encryption }),
      ...(key === null ? {} : { 'x-amz-server-side-encryption-aws-kms-key-id': key }),
    },
    large: storageClass === null ? {} : { 'x-amz-storage-class': storageClass },
  }
}

function unusable(setting: keyof typeof objectVariables, text: string, hint: string): VarveError {
  return new VarveError(
    'VARVE_REFUSED',
    `the ${setting} of the S3 store is not usable: ${JSON.stringify(text)}`,
    {
      data: { setting, variable: objectVariables[setting] },
      hint,
    },
  )
}

/** The headers that the settings add to one request. */
export function headersOf(
  settings: ObjectSettings,
  request: { method: string; query?: Readonly<Record<string, string>>; body?: Uint8Array | undefined },
): Readonly<Record<string, string>> {
  const beginsParts = request.method === 'POST' && request.query?.['uploads'] !== undefined
  const isWhole = request.method === 'PUT' && request.query?.['partNumber'] === undefined
  const isLarge = beginsParts || (request.body?.length ?? 0) >= largeBytesMin
  return {
    ...settings.always,
    ...(beginsParts || isWhole ? settings.creating : {}),
    ...((beginsParts || isWhole) && isLarge ? settings.large : {}),
  }
}
