import type { Knex } from "knex";

/** The table that the Go auth service keeps on SQL (storj/edge pkg/auth/sqlauth), column for column. */
export const recordsMigration = {
  name: "001-records",

  async up(knex: Knex): Promise<void> {
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
      table.index(["expires_at"], "records_expires_at");
      table.index(["macaroon_head"], "records_macaroon_head");
    });
  },

  async down(knex: Knex): Promise<void> {
    await knex.schema.dropTable("records");
  },
};
