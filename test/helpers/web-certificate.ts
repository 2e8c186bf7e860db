import { generateKeyPairSync, sign } from "node:crypto";
import { utf8 } from "../../core/bytes/bytes.js";
import { der, derOid, derTag, derUnsigned } from "../../core/identity/der.js";

/** A fresh self-signed certificate for a name, and its key, as PEM: ordinary web TLS without a network. */
export function webCertificate(host = "localhost"): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const algorithm = der(derTag.sequence, derOid("1.2.840.10045.4.3.2"));
  const commonName = der(derTag.sequence, derOid("2.5.4.3"), der(derTag.printableString, utf8(host)));
  const name = der(derTag.sequence, der(derTag.set, commonName));
  const validity = ["20200101000000Z", "20991231235959Z"].map((time) => der(derTag.generalizedTime, utf8(time)));
  const dnsName = der(0x82, utf8(host));
  const alternatives = der(derTag.octetString, der(derTag.sequence, dnsName));
  const tbs = der(
    derTag.sequence,
    der(derTag.explicit(0), derUnsigned(Uint8Array.of(2))),
    derUnsigned(Uint8Array.of(1)),
    algorithm,
    name,
    der(derTag.sequence, ...validity),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(derTag.explicit(3), der(derTag.sequence, der(derTag.sequence, derOid("2.5.29.17"), alternatives))),
  );
  const signature = der(derTag.bitString, Uint8Array.of(0), sign("sha256", tbs, privateKey));
  const base64 = Buffer.from(der(derTag.sequence, tbs, algorithm, signature)).toString("base64");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64.replaceAll(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}
