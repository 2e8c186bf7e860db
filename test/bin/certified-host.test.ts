import test from "ava";
import { certifiedHost } from "../../bin/certified-host.js";
import { webCertificate } from "../helpers/web-certificate.js";

test("clients are told a name that the certificate has", (t) => {
  const of = (name: string) => ({ fallback: webCertificate(name) });
  t.is(certifiedHost("127.0.0.1", of("auth.example.com")), "auth.example.com");
  t.is(certifiedHost("0.0.0.0", of("auth.example.com")), "auth.example.com");
  t.is(certifiedHost("auth.example.com", of("auth.example.com")), "auth.example.com");
  t.is(certifiedHost("a.example.com", of("*.example.com")), "a.example.com");
  t.is(certifiedHost("127.0.0.1", of("*.example.com")), undefined);
});
