import type { Knex } from "knex";
import { firstTables } from "./001-first-tables.js";

interface NamedMigration extends Knex.Migration {
  readonly name: string;
}

const migrations: readonly NamedMigration[] = [firstTables];

/** Migrations compiled into the program, so that no folder is searched at run time. */
export const migrationSource: Knex.MigrationSource<NamedMigration> = {
  getMigrations: async () => [...migrations],
  getMigrationName: (migration) => migration.name,
  getMigration: async (migration) => migration,
};
