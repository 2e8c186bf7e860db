import type { Knex } from "knex";

/**
 * Tables shaped like those of the real satellite (storj/storj satellite/satellitedb, satellite/metabase). Times are
 * microseconds since 1970 and flags are 0 or 1, so that one SQL text serves SQLite and PostgreSQL.
 */
export const firstTables = {
  name: "001-first-tables",

  async up(knex: Knex): Promise<void> {
    await accountTables(knex);
    await nodeTables(knex);
    await bucketTable(knex);
    await objectTable(knex);
    await segmentTable(knex);
  },

  async down(knex: Knex): Promise<void> {
    const tables = ["segments", "objects", "bucket_metainfos", "peer_identities", "nodes"];
    for (const table of [...tables, "revocations", "api_keys", "projects"]) await knex.schema.dropTable(table);
  },
};

async function accountTables(knex: Knex): Promise<void> {
  await knex.schema.createTable("projects", (table) => {
    table.binary("id", 16).notNullable().primary();
    table.binary("public_id", 16).notNullable().unique();
    table.text("name").notNullable();
    table.binary("salt").notNullable();
    table.bigInteger("created_at").notNullable();
    table.integer("max_buckets");
    table.integer("rate_limit");
    table.integer("burst_limit");
    table.bigInteger("usage_limit");
    table.bigInteger("bandwidth_limit");
    table.bigInteger("segment_limit");
    table.integer("default_placement").notNullable().defaultTo(0);
    table.smallint("default_versioning").notNullable().defaultTo(1);
  });
  await knex.schema.createTable("api_keys", (table) => {
    table.binary("id", 16).notNullable().primary();
    table.binary("project_id", 16).notNullable().references("id").inTable("projects").onDelete("CASCADE");
    table.binary("head").notNullable().unique();
    table.text("name").notNullable();
    table.binary("secret").notNullable();
    table.integer("version").notNullable().defaultTo(0);
    table.bigInteger("created_at").notNullable();
    table.unique(["project_id", "name"]);
  });
  await knex.schema.createTable("revocations", (table) => {
    table.binary("revoked").notNullable().primary();
    table.binary("api_key_id", 16).notNullable();
    table.bigInteger("created_at").notNullable();
  });
}

async function nodeTables(knex: Knex): Promise<void> {
  await knex.schema.createTable("nodes", (table) => {
    table.binary("id", 32).notNullable().primary();
    table.text("address").notNullable();
    table.text("last_ip_port").notNullable();
    table.text("last_net").notNullable();
    table.integer("debounce_limit").notNullable().defaultTo(0);
    table.bigInteger("features").notNullable().defaultTo(0);
    table.bigInteger("free_disk").notNullable();
    table.text("version").notNullable();
    table.text("email").notNullable();
    table.text("wallet").notNullable();
    table.bigInteger("created_at").notNullable();
    table.bigInteger("last_contact_success").notNullable();
    table.bigInteger("last_contact_failure").notNullable();
    table.bigInteger("disqualified");
    table.bigInteger("exit_finished_at");
  });
  await knex.schema.createTable("peer_identities", (table) => {
    table.binary("node_id", 32).notNullable().primary();
    table.binary("chain").notNullable();
    table.bigInteger("updated_at").notNullable();
  });
}

async function bucketTable(knex: Knex): Promise<void> {
  await knex.schema.createTable("bucket_metainfos", (table) => {
    table.binary("id", 16).notNullable().unique();
    table.binary("project_id", 16).notNullable().references("id").inTable("projects").onDelete("CASCADE");
    table.binary("name").notNullable();
    table.bigInteger("created_at").notNullable();
    table.binary("user_agent");
    table.integer("placement").notNullable().defaultTo(0);
    table.smallint("versioning").notNullable().defaultTo(1);
    table.smallint("object_lock_enabled").notNullable().defaultTo(0);
    table.smallint("default_retention_mode").notNullable().defaultTo(0);
    table.integer("default_retention_days");
    table.integer("default_retention_years");
    table.binary("tags");
    table.primary(["project_id", "name"]);
  });
}

async function objectTable(knex: Knex): Promise<void> {
  await knex.schema.createTable("objects", (table) => {
    table.binary("project_id", 16).notNullable();
    table.binary("bucket_name").notNullable();
    table.binary("object_key").notNullable();
    table.bigInteger("version").notNullable();
    table.binary("stream_id", 16).notNullable().unique();
    table.bigInteger("created_at").notNullable();
    table.bigInteger("expires_at");
    table.smallint("status").notNullable();
    table.integer("segment_count").notNullable().defaultTo(0);
    table.binary("encrypted_metadata_nonce");
    table.binary("encrypted_metadata");
    table.binary("encrypted_metadata_encrypted_key");
    table.binary("encrypted_etag");
    table.bigInteger("total_plain_size").notNullable().defaultTo(0);
    table.bigInteger("total_encrypted_size").notNullable().defaultTo(0);
    table.bigInteger("fixed_segment_size").notNullable().defaultTo(0);
    table.smallint("encryption_cipher").notNullable();
    table.integer("encryption_block_size").notNullable();
    table.smallint("retention_mode").notNullable().defaultTo(0);
    table.bigInteger("retain_until");
    table.smallint("legal_hold").notNullable().defaultTo(0);
    table.bigInteger("zombie_deletion_deadline");
    table.primary(["project_id", "bucket_name", "object_key", "version"]);
    // A bucket can not go away under an object: what a check missed for a race, the database refuses.
    table.foreign(["project_id", "bucket_name"]).references(["project_id", "name"]).inTable("bucket_metainfos");
    table.index(["expires_at"], "objects_expires_at", { predicate: knex.whereNotNull("expires_at") });
    table.index(["zombie_deletion_deadline"], "objects_zombie_deletion_deadline", {
      predicate: knex.whereNotNull("zombie_deletion_deadline"),
    });
  });
}

async function segmentTable(knex: Knex): Promise<void> {
  await knex.schema.createTable("segments", (table) => {
    table.binary("stream_id", 16).notNullable().references("stream_id").inTable("objects").onDelete("CASCADE");
    table.integer("part_number").notNullable();
    table.integer("segment_index").notNullable();
    table.bigInteger("created_at").notNullable();
    table.bigInteger("repaired_at");
    table.bigInteger("expires_at");
    table.binary("root_piece_id", 32);
    table.binary("encrypted_key_nonce").notNullable();
    table.binary("encrypted_key").notNullable();
    table.integer("encrypted_size").notNullable();
    table.bigInteger("plain_offset").notNullable();
    table.integer("plain_size").notNullable();
    table.binary("encrypted_etag");
    table.smallint("required_shares").notNullable().defaultTo(0);
    table.smallint("repair_shares").notNullable().defaultTo(0);
    table.smallint("optimal_shares").notNullable().defaultTo(0);
    table.smallint("total_shares").notNullable().defaultTo(0);
    table.integer("share_size").notNullable().defaultTo(0);
    table.integer("placement").notNullable().defaultTo(0);
    table.binary("inline_data");
    table.binary("pieces");
    table.primary(["stream_id", "part_number", "segment_index"]);
  });
}
