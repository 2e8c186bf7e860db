import { onPostgres } from "../../../helpers/databases.js";

await onPostgres(() => import("../access.test.js"));
