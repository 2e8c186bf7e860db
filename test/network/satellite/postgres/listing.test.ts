import { onPostgres } from "../../../helpers/databases.js";

await onPostgres(() => import("../listing.test.js"));
