/** An Authorization header (RFC 7617). */
export function basicAuth({ accessKeyId, secretKey }: { accessKeyId: string; secretKey: string }): string {
  return `Basic ${Buffer.from(`${accessKeyId}:${secretKey}`).toString("base64")}`;
}
