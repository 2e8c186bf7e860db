import type { Knex } from "knex";

/** How storage nodes did in audits, and what of their orders is settled. */
export const reputations = {
  name: "003-reputations",

  async up(knex: Knex): Promise<void> {
    await knex.schema.createTable("node_reputations", (table) => {
      table.binary("node_id", 32).notNullable().primary();
      table.bigInteger("audit_successes").notNullable();
      table.bigInteger("audit_failures").notNullable();
      table.bigInteger("audit_offline").notNullable();
      table.bigInteger("audit_unknown").notNullable();
      table.double("audit_alpha").notNullable();
      table.double("audit_beta").notNullable();
      table.bigInteger("updated_at").notNullable();
    });
    await knex.schema.createTable("settled_windows", (table) => {
      table.binary("node_id", 32).notNullable();
      // Begin of an hour, UTC.
      table.bigInteger("window_start").notNullable();
      // Bytes by action, as JSON in a fixed order: what a repeated settlement is held against.
      table.text("settled").notNullable();
      table.bigInteger("settled_at").notNullable();
      table.primary(["node_id", "window_start"]);
    });
    await knex.schema.createTable("bucket_bandwidth_hourly", (table) => {
      table.binary("project_id", 16).notNullable();
      table.binary("bucket_name").notNullable();
      table.bigInteger("window_start").notNullable();
      table.smallint("action").notNullable();
      table.bigInteger("settled").notNullable();
      table.primary(["project_id", "bucket_name", "window_start", "action"]);
    });
  },

  async down(knex: Knex): Promise<void> {
    for (const table of ["bucket_bandwidth_hourly", "settled_windows", "node_reputations"]) {
      await knex.schema.dropTable(table);
    }
  },
};
