// Signatures of commits and tags: who made a state, proven with a key. Programs that people have already make and check
// them, OpenSSH's and GnuPG's, as in Git: no key ever comes into this process.

export type SignatureFormat = 'openpgp' | 'ssh' | 'x509'

/** How far the key is the signer's, as its owner says; of SSH 'fully' where the signers file names it. */
export type Trust = 'undefined' | 'never' | 'marginal' | 'fully' | 'ultimate'

/** Whose key signs, and whose signatures are good: the user's own settings, never those of a repository. */
export interface SigningSettings {
  /** Commits are signed although nobody asks for it. */
  readonly commits?: boolean
  /** So are tags. */
  readonly tags?: boolean
  /** Merges refuse commits without a good signature. */
  readonly verifyMerges?: boolean
  /** Which signatures are made; default: 'openpgp'. */
  readonly format?: SignatureFormat
  /** Id of a key of GnuPG; of SSH the path of a key, or 'key::' and the public key, whose other half an agent has. */
  readonly key?: string
  /** Programs to run instead of `gpg`, `ssh-keygen` and `gpgsm`. */
  readonly programs?: Readonly<Partial<Record<SignatureFormat, string>>>
  /** Path of the file that says whose SSH keys are good (ssh-keygen's ALLOWED SIGNERS). */
  readonly allowedSigners?: string
  /** Path of the file with SSH keys that are no longer good (ssh-keygen's KEY REVOCATION LISTS, or public keys). */
  readonly revokedKeys?: string
  /** A good signature needs at least this trust. */
  readonly trustMin?: Trust
}

/**
 * Git's letters: G good, B bad, U good but nobody knows whose key it is, X good but expired, Y good but the key has
 * expired, R good but the key was revoked, E cannot be checked (the key is not known, or a program is missing), N there
 * is none.
 */
export type SignatureCode = 'G' | 'B' | 'U' | 'X' | 'Y' | 'R' | 'E' | 'N'

export interface SignatureCheck {
  readonly code: SignatureCode
  /** Whether to rely on it: it is good, and the key trusted as far as the settings ask for. */
  readonly valid: boolean
  /** null: there is none, or it is of no kind that is known. */
  readonly format: SignatureFormat | null
  /** Whose it is, as the program says: of SSH the principal. '' where that is not known, as with the others. */
  readonly signer: string
  /** The key, in short where that is usual. */
  readonly key: string
  readonly fingerprint: string
  /** Of the key that the signing key belongs to. */
  readonly primaryFingerprint: string
  readonly trust: Trust
  /** What the program said, or why it could not be asked. */
  readonly message: string
}

export interface SigningContext {
  readonly settings: SigningSettings
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
}
