import { onPostgres } from "../../../helpers/databases.js";

await onPostgres(() => import("../bucket-settings.test.js"));
