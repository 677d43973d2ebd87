// What to do about a certificate that is not accepted, for links of all kinds. Where a hint is shown, NAME is the link's.
import type { CertificateAdvice } from '../../base/certificate-fault.ts'

export const linkAdvice: Required<CertificateAdvice> = {
  trust: 'VARVE_LINK_NAME_CA_FILE in the environment names a file with the certificates to trust',
  own: 'the server asks for a certificate of the client that it accepts: VARVE_LINK_NAME_CERT_FILE and VARVE_LINK_NAME_KEY_FILE in the environment name the files of one and of its key',
}
