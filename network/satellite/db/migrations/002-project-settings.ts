import type { Knex } from "knex";

/** Bucket notifications, licences, limits of keys, object checksums, and what projects transfer each day. */
export const projectSettings = {
  name: "002-project-settings",

  async up(knex: Knex): Promise<void> {
    await knex.schema.alterTable("projects", (table) => {
      table.smallint("path_encryption").notNullable().defaultTo(1);
    });
    await knex.schema.alterTable("api_keys", (table) => {
      table.integer("rate_limit");
      table.integer("burst_limit");
    });
    await knex.schema.alterTable("bucket_metainfos", (table) => {
      table.binary("notifications");
    });
    await knex.schema.alterTable("objects", (table) => {
      table.smallint("checksum_algorithm").notNullable().defaultTo(0);
      table.smallint("checksum_composite").notNullable().defaultTo(0);
      table.binary("encrypted_checksum");
    });
    await knex.schema.alterTable("segments", (table) => {
      table.binary("encrypted_checksum");
    });
    await knex.schema.createTable("licenses", (table) => {
      table.binary("id", 16).notNullable().primary();
      table.binary("project_id", 16).notNullable().references("id").inTable("projects").onDelete("CASCADE");
      table.text("type").notNullable();
      table.text("bucket_name").notNullable().defaultTo("");
      table.bigInteger("expires_at");
      table.binary("license_key");
      table.index(["project_id"], "licenses_project_id");
    });
    await knex.schema.createTable("project_bandwidth_daily", (table) => {
      table.binary("project_id", 16).notNullable();
      // Begin of a day, UTC.
      table.bigInteger("day").notNullable();
      table.bigInteger("egress_allocated").notNullable().defaultTo(0);
      table.bigInteger("egress_settled").notNullable().defaultTo(0);
      table.primary(["project_id", "day"]);
    });
  },

  async down(knex: Knex): Promise<void> {
    await knex.schema.dropTable("project_bandwidth_daily");
    await knex.schema.dropTable("licenses");
    await knex.schema.alterTable("segments", (table) => table.dropColumn("encrypted_checksum"));
    await knex.schema.alterTable("objects", (table) => {
      table.dropColumns("checksum_algorithm", "checksum_composite", "encrypted_checksum");
    });
    await knex.schema.alterTable("bucket_metainfos", (table) => table.dropColumn("notifications"));
    await knex.schema.alterTable("api_keys", (table) => table.dropColumns("rate_limit", "burst_limit"));
    await knex.schema.alterTable("projects", (table) => table.dropColumn("path_encryption"));
  },
};
