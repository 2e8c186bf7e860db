import { S3Error } from "../errors.js";
import { children, childText, type XmlNode } from "../xml/read.js";
import { s3Namespace, type XmlWriter, xmlDocument } from "../xml/write.js";
import { child, wholeOf } from "./document.js";
import type { WebsiteSettings } from "./sections.js";

type Redirect = WebsiteSettings["rules"][number]["redirect"];

const mostRules = 50;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html */
export function websiteOfDocument(document: XmlNode): WebsiteSettings {
  const all = child(document, "RedirectAllRequestsTo");
  const indexNode = child(document, "IndexDocument");
  const errorNode = child(document, "ErrorDocument");
  const routing = child(document, "RoutingRules");
  if (all !== undefined) {
    if (indexNode !== undefined || errorNode !== undefined || routing !== undefined) throw new S3Error("MalformedXML");
    const host = childText(all, "HostName");
    if (host === undefined || host === "") throw new S3Error("MalformedXML");
    return { redirectAll: checkedRedirect({ host, protocol: childText(all, "Protocol") }), rules: [] };
  }
  const index = indexNode === undefined ? undefined : childText(indexNode, "Suffix");
  if (index === undefined || index === "" || index.includes("/")) {
    throw new S3Error("InvalidArgument", { message: "The IndexDocument Suffix is not well formed" });
  }
  const error = errorNode === undefined ? undefined : childText(errorNode, "Key");
  if (errorNode !== undefined && !error) throw new S3Error("MalformedXML");
  const rules = routing === undefined ? [] : children(routing, "RoutingRule").map(ruleOf);
  if (rules.length > mostRules)
    throw new S3Error("InvalidRequest", { message: `More than ${mostRules} routing rules.` });
  return { index, error, rules };
}

function ruleOf(node: XmlNode): WebsiteSettings["rules"][number] {
  const condition = child(node, "Condition");
  const redirect = child(node, "Redirect");
  if (redirect === undefined) throw new S3Error("MalformedXML");
  const replaceKey = childText(redirect, "ReplaceKeyWith");
  const replaceKeyPrefix = childText(redirect, "ReplaceKeyPrefixWith");
  if (replaceKey !== undefined && replaceKeyPrefix !== undefined) throw new S3Error("MalformedXML");
  const status = wholeOf(redirect, "HttpRedirectCode");
  if (status !== undefined && (status < 301 || status > 399)) throw new S3Error("MalformedXML");
  return {
    prefix: condition === undefined ? undefined : childText(condition, "KeyPrefixEquals"),
    errorCode: condition === undefined ? undefined : wholeOf(condition, "HttpErrorCodeReturnedEquals"),
    redirect: checkedRedirect({
      host: childText(redirect, "HostName"),
      protocol: childText(redirect, "Protocol"),
      replaceKey,
      replaceKeyPrefix,
      status,
    }),
  };
}

function checkedRedirect(redirect: Redirect): Redirect {
  const { protocol, host } = redirect;
  if (protocol !== undefined && protocol !== "http" && protocol !== "https") throw new S3Error("MalformedXML");
  if (host !== undefined && !/^[A-Za-z0-9.-]+(:\d+)?$/.test(host)) throw new S3Error("MalformedXML");
  return redirect;
}

export function websiteDocument(website: WebsiteSettings): string {
  return xmlDocument((xml) =>
    xml.group(
      "WebsiteConfiguration",
      () => {
        const { redirectAll, index, error, rules } = website;
        if (redirectAll !== undefined) {
          xml.group("RedirectAllRequestsTo", () => {
            xml.text("HostName", redirectAll.host);
            xml.text("Protocol", redirectAll.protocol);
          });
        }
        if (index !== undefined) xml.group("IndexDocument", () => xml.text("Suffix", index));
        if (error !== undefined) xml.group("ErrorDocument", () => xml.text("Key", error));
        if (rules.length > 0) {
          xml.group("RoutingRules", () => {
            for (const rule of rules) xml.group("RoutingRule", () => writeRule(xml, rule));
          });
        }
      },
      s3Namespace,
    ),
  );
}

function writeRule(xml: XmlWriter, { prefix, errorCode, redirect }: WebsiteSettings["rules"][number]): void {
  if (prefix !== undefined || errorCode !== undefined) {
    xml.group("Condition", () => {
      xml.text("KeyPrefixEquals", prefix);
      xml.text("HttpErrorCodeReturnedEquals", errorCode);
    });
  }
  xml.group("Redirect", () => {
    xml.text("Protocol", redirect.protocol);
    xml.text("HostName", redirect.host);
    xml.text("ReplaceKeyPrefixWith", redirect.replaceKeyPrefix);
    xml.text("ReplaceKeyWith", redirect.replaceKey);
    xml.text("HttpRedirectCode", redirect.status);
  });
}

/** The first rule for a key, before it is read or after that failed with the status. */
export function routeFor(
  website: WebsiteSettings,
  key: string,
  status: number | undefined,
): WebsiteSettings["rules"][number] | undefined {
  return website.rules.find(
    ({ prefix, errorCode }) => key.startsWith(prefix ?? "") && (errorCode === undefined || errorCode === status),
  );
}

/** Where a rule sends a request for the key to. */
export function redirectTarget(
  redirect: Redirect,
  request: {
    readonly key: string;
    readonly prefix: string | undefined;
    readonly host: string;
    readonly secure: boolean;
  },
): string {
  const { key, prefix = "", host, secure } = request;
  const moved =
    redirect.replaceKey ??
    (redirect.replaceKeyPrefix === undefined ? key : `${redirect.replaceKeyPrefix}${key.slice(prefix.length)}`);
  const path = moved.split("/").map(encodeURIComponent).join("/");
  return `${redirect.protocol ?? (secure ? "https" : "http")}://${redirect.host ?? host}/${path}`;
}
