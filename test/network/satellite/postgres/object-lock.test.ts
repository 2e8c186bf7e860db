import { onPostgres } from "../../../helpers/databases.js";

await onPostgres(() => import("../object-lock.test.js"));
