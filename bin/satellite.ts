import { parseGrant, serializeGrant } from "../core/access/grant.js";
import { PosternError } from "../core/errors.js";
import { nodeIdText } from "../core/identity/node-id.js";
import { knownNodeId, nodeUrlText, parseNodeUrl } from "../core/identity/node-url.js";

/** The satellite that this server works with. */
export interface Satellite {
  /** Node URL: id@host:port. */
  readonly url: string;
  /** Where to dial it, by node id, whatever address a grant has. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Whether grants with this satellite address may be registered here. */
  allows(satelliteAddress: string): boolean;
  /** The same grant with today's address of the satellite. */
  current(accessGrant: string): string;
}

/** The embedded satellite may have another port after a restart; it is known by its node id. */
export function satelliteOfNetwork(url: string): Satellite {
  const id = idTextOf(url);
  return {
    url,
    addresses: { [id]: parseNodeUrl(url).address },
    allows: (address) => idTextOf(address) === id,
    current: (accessGrant) => serializeGrant({ ...parseGrant(accessGrant), satelliteAddress: url }),
  };
}

/** Another satellite is the one of the grant, at exactly that address. Throws `invalid-grant`. */
export function satelliteOfGrant(accessGrant: string): Satellite {
  const parsed = parseNodeUrl(parseGrant(accessGrant).satelliteAddress);
  const id = parsed.id ?? knownNodeId(parsed.address);
  if (id === undefined) throw new PosternError("invalid-grant", "the access grant names no satellite node id");
  const url = nodeUrlText({ ...parsed, id });
  return {
    url,
    addresses: {},
    allows: (address) => idTextOf(address) === nodeIdText(id) && parseNodeUrl(address).address === parsed.address,
    current: (grant) => grant,
  };
}

/** The text of the node id, or "" where there is none. */
function idTextOf(address: string): string {
  try {
    const url = parseNodeUrl(address);
    const id = url.id ?? knownNodeId(url.address);
    return id === undefined ? "" : nodeIdText(id);
  } catch {
    // A stranger's grant may have anything there; it is the address of no satellite.
    return "";
  }
}
