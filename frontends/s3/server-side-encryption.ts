/** True of every object: all data is AES-256-GCM before it leaves the gateway. */
export const encryptionHeaders: Readonly<Record<string, string>> = { "x-amz-server-side-encryption": "AES256" };
