import { onPostgres } from "../../../helpers/databases.js";

await onPostgres(() => import("../copy-move.test.js"));
