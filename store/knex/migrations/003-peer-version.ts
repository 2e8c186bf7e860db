import type { Knex } from "knex";

const table = "versions";

/**
 * What Storj's auth service remembers of its own migrations (storj/edge internal/dbutil/migrate.go), so that it takes
 * the records for its own and does not make them again.
 */
export const peerVersionMigration = {
  name: "003-peer-version",

  async up(knex: Knex): Promise<void> {
    if (!(await knex.schema.hasTable(table))) {
      await knex.schema.createTable(table, (columns) => {
        columns.integer("version").notNullable().primary();
        columns.text("description").notNullable();
        columns.timestamp("applied_at", { useTz: true }).notNullable().defaultTo(knex.fn.now());
      });
    }
    await knex(table).insert({ version: 0, description: "Initial setup" }).onConflict("version").ignore();
  },

  async down(knex: Knex): Promise<void> {
    await knex.schema.dropTable(table);
  },
};
