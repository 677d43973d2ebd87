// What a link to an HTTP API says of its access tokens.

export const clientPlaces = ['basic', 'body'] as const
export type ClientPlace = (typeof clientPlaces)[number]

/** Access tokens by OAuth 2. Who asks, and the secrets of it, are in the environment. */
export interface HttpAuth {
  readonly tokenUrl: string
  /** Names of rights, with spaces between. Default: what the server gives. */
  readonly scope?: string
  readonly audience?: string
  /** Where the client's id and secret are shown. Default: 'basic', in the header Authorization. */
  readonly client?: ClientPlace
  /** For whom a key speaks (RFC 7523). Default: for itself. */
  readonly subject?: string
  /** What the server calls itself in what a key signs. Default: `tokenUrl`. */
  readonly assertionAudience?: string
  /** What the server calls the key. Default: as the key's own file does. */
  readonly keyId?: string
}
