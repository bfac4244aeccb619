/** OpenSSL's words, and Node's one for the certificate of another host: what no waiting mends. */
const REFUSED = /^(ERR_TLS_CERT_ALTNAME_INVALID|CERT_[A-Z_]+|[A-Z_]*SELF_SIGNED_CERT[A-Z_]*|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)_[A-Z_]+|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH_EXCEEDED)$/

/** Whether the code of an error says that a server's certificate is not trusted. */
export function isCertificateCode (code: string): boolean {
  return REFUSED.test(code)
}
