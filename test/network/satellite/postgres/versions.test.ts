import { onPostgres } from "../../../helpers/databases.js";

await onPostgres(() => import("../versions.test.js"));
