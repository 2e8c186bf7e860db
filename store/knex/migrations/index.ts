import type { Knex } from "knex";
import { recordsMigration } from "./001-records.js";
import { bucketSettingsMigration } from "./002-bucket-settings.js";
import { peerVersionMigration } from "./003-peer-version.js";

interface NamedMigration extends Knex.Migration {
  readonly name: string;
}

const migrations: readonly NamedMigration[] = [recordsMigration, bucketSettingsMigration, peerVersionMigration];

/**
 * Migrations compiled into the program, so that no folder is searched at run time. Each must bear to be run again after
 * any part of it: on CockroachDB they are not transactions.
 */
export const migrationSource: Knex.MigrationSource<NamedMigration> = {
  getMigrations: async () => [...migrations],
  getMigrationName: (migration) => migration.name,
  getMigration: async (migration) => migration,
};
