import { onPostgres } from "../../../helpers/databases.js";

await onPostgres(() => import("../objects.test.js"));
