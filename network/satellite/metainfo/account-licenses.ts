import type { AccountLicensesRequest, AccountLicensesResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { activeLicenses } from "../data/licenses.js";
import { microsOfMillis, optionalTimestamp } from "../data/times.js";
import type { Handler } from "./handler.js";

export const accountLicenses: Handler<AccountLicensesRequest, AccountLicensesResponse> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header);
  await caller.require({ op: Action.ProjectInfo });
  const { type, bucketName } = request;
  const filter = { type, bucketName, now: microsOfMillis(caller.time) };
  const licenses = await activeLicenses(satellite.db.read, caller.project.id, filter);
  return {
    licenses: licenses.map((license) => ({
      type: license.type,
      expiresAt: optionalTimestamp(license.expiresAt),
      key: license.key ?? new Uint8Array(0),
    })),
  };
};
