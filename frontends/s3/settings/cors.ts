import { S3Error } from "../errors.js";
import { children, childText, type XmlNode } from "../xml/read.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";
import { texts, wholeOf } from "./document.js";
import type { CorsRule } from "./sections.js";

const methods = ["GET", "PUT", "HEAD", "POST", "DELETE"];
const mostRules = 100;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html */
export function corsOfDocument(document: XmlNode): CorsRule[] {
  const rules = children(document, "CORSRule").map((node): CorsRule => {
    const rule = {
      id: childText(node, "ID"),
      origins: texts(node, "AllowedOrigin"),
      methods: texts(node, "AllowedMethod"),
      headers: texts(node, "AllowedHeader"),
      expose: texts(node, "ExposeHeader"),
      maxAge: wholeOf(node, "MaxAgeSeconds"),
    };
    if (rule.origins.length === 0 || rule.methods.length === 0) throw new S3Error("MalformedXML");
    for (const method of rule.methods) {
      if (methods.includes(method)) continue;
      throw new S3Error("InvalidRequest", {
        message: `Found unsupported HTTP method in CORS config. Unsupported method is ${method}`,
      });
    }
    for (const pattern of [...rule.origins, ...rule.headers]) {
      if (pattern.split("*").length <= 2) continue;
      throw new S3Error("InvalidRequest", { message: `"${pattern}" can not have more than one wildcard.` });
    }
    for (const header of rule.expose) {
      if (/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(header)) continue;
      throw new S3Error("InvalidRequest", { message: `ExposeHeader "${header}" is no header name.` });
    }
    return rule;
  });
  if (rules.length === 0 || rules.length > mostRules) throw new S3Error("MalformedXML");
  return rules;
}

export function corsDocument(rules: readonly CorsRule[]): string {
  return xmlDocument((xml) =>
    xml.group(
      "CORSConfiguration",
      () => {
        for (const rule of rules) {
          xml.group("CORSRule", () => {
            xml.text("ID", rule.id);
            for (const header of rule.headers) xml.text("AllowedHeader", header);
            for (const method of rule.methods) xml.text("AllowedMethod", method);
            for (const origin of rule.origins) xml.text("AllowedOrigin", origin);
            for (const header of rule.expose) xml.text("ExposeHeader", header);
            xml.text("MaxAgeSeconds", rule.maxAge);
          });
        }
      },
      s3Namespace,
    ),
  );
}

/** What a page of another origin asks, or does. */
export interface CorsRequest {
  readonly origin: string;
  readonly method: string;
  /** Lower case; those of Access-Control-Request-Headers. */
  readonly headers: readonly string[];
}

/** The first rule that allows it. */
export function corsRuleFor(rules: readonly CorsRule[], request: CorsRequest): CorsRule | undefined {
  return rules.find(
    (rule) =>
      rule.methods.includes(request.method) &&
      rule.origins.some((pattern) => oneStar(pattern, request.origin)) &&
      request.headers.every((header) => rule.headers.some((pattern) => oneStar(pattern.toLowerCase(), header))),
  );
}

/** Reply headers of an allowed request. https://fetch.spec.whatwg.org/#http-cors-protocol */
export function corsHeaders(rule: CorsRule, request: CorsRequest, preflight: boolean): Record<string, string> {
  const everywhere = rule.origins.includes("*");
  const headers: Record<string, string> = {
    "Access-Control-Allow-Origin": everywhere ? "*" : request.origin,
    Vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
  };
  if (!everywhere) headers["Access-Control-Allow-Credentials"] = "true";
  if (rule.expose.length > 0) headers["Access-Control-Expose-Headers"] = rule.expose.join(", ");
  if (!preflight) {
    headers["Access-Control-Allow-Methods"] = rule.methods.join(", ");
    return headers;
  }
  headers["Access-Control-Allow-Methods"] = rule.methods.join(", ");
  if (request.headers.length > 0) headers["Access-Control-Allow-Headers"] = request.headers.join(",");
  if (rule.maxAge !== undefined) headers["Access-Control-Max-Age"] = String(rule.maxAge);
  return headers;
}

function oneStar(pattern: string, text: string): boolean {
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === text;
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return text.length >= head.length + tail.length && text.startsWith(head) && text.endsWith(tail);
}
