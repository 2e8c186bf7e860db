/** encryption.CipherSuite; the last is no value of the .proto but a path cipher of the debug mode "encryption bypass". */
export const CipherSuite = { Unspecified: 0, Null: 1, AesGcm: 2, SecretBox: 3, NullBase64Url: 4 } as const;

/** Any number may come from the wire; functions that meet one they can not use throw `invalid-argument`. */
export type CipherSuite = number;

/** Bytes of a nonce on the wire, whatever part of it the suite uses. */
export const nonceSize = 24;

export const keySize = 32;

/** Bytes that both ciphers add to what they encrypt: the authentication tag. */
export const tagSize = 16;
