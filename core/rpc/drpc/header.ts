/** First bytes on a connection, in clear, before TLS (storj/drpc drpcmigrate/header.go). */
export const drpcHeader: Uint8Array = Buffer.from("DRPC!!!1");
