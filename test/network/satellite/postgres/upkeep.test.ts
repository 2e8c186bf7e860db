import { onPostgres } from "../../../helpers/databases.js";

await onPostgres(() => import("../upkeep.test.js"));
