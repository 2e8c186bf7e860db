import { onPostgres } from "../../../helpers/databases.js";

await onPostgres(() => import("../checksums.test.js"));
