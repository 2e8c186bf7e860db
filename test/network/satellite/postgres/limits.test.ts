import { onPostgres } from "../../../helpers/databases.js";

await onPostgres(() => import("../limits.test.js"));
