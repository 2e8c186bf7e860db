import { onPostgres } from "../../../helpers/databases.js";

await onPostgres(() => import("../contact.test.js"));
