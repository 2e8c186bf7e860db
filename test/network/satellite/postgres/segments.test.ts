import { onPostgres } from "../../../helpers/databases.js";

await onPostgres(() => import("../segments.test.js"));
