import type { Knex } from "knex";

/**
 * The table that Storj's auth service keeps on SQL (storj/edge pkg/auth/sqlauth/migrate.go), column for column. On a
 * database that theirs has made it is there already, and only gets the indexes that it lacks.
 */
export const recordsMigration = {
  name: "001-records",

  async up(knex: Knex): Promise<void> {
    const isThere = await knex.schema.hasTable("records");
    if (!isThere) await createRecords(knex);
    await knex.raw("CREATE INDEX IF NOT EXISTS records_expires_at ON records (expires_at)");
    await knex.raw("CREATE INDEX IF NOT EXISTS records_macaroon_head ON records (macaroon_head)");
  },

  async down(knex: Knex): Promise<void> {
    await knex.schema.dropTable("records");
  },
};

async function createRecords(knex: Knex): Promise<void> {
  await knex.schema.createTable("records", (table) => {
    table.binary("encryption_key_hash").notNullable().primary();
    table.timestamp("created_at", { useTz: true }).notNullable().defaultTo(knex.fn.now());
    table.boolean("public").notNullable();
    table.binary("public_project_id");
    table.text("satellite_address").notNullable();
    table.binary("macaroon_head").notNullable();
    table.timestamp("expires_at", { useTz: true });
    table.binary("encrypted_secret_key").notNullable();
    table.binary("encrypted_access_grant").notNullable();
    table.text("invalidation_reason");
    table.timestamp("invalidated_at", { useTz: true });
    table.text("usage_tags");
    table.timestamp("project_created_at", { useTz: true });
  });
}
