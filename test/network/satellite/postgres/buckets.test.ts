import { onPostgres } from "../../../helpers/databases.js";

await onPostgres(() => import("../buckets.test.js"));
