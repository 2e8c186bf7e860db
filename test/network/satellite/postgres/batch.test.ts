import { onPostgres } from "../../../helpers/databases.js";

await onPostgres(() => import("../batch.test.js"));
