import type { Knex } from "knex";
import { firstTables } from "./001-first-tables.js";
import { projectSettings } from "./002-project-settings.js";
import { reputations } from "./003-reputations.js";
import { lostPieces } from "./031-lost-pieces.js";

interface NamedMigration extends Knex.Migration {
  readonly name: string;
}

const migrations: readonly NamedMigration[] = [firstTables, projectSettings, reputations, lostPieces];

/** Migrations compiled into the program, so that no folder is searched at run time. */
export const migrationSource: Knex.MigrationSource<NamedMigration> = {
  getMigrations: async () => [...migrations],
  getMigrationName: (migration) => migration.name,
  getMigration: async (migration) => migration,
};
