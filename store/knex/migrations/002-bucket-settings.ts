import type { Knex } from "knex";

/** Bucket settings, and notes about parts of multipart uploads (core/settings/bucket-settings-store.ts). */
export const bucketSettingsMigration = {
  name: "002-bucket-settings",

  async up(knex: Knex): Promise<void> {
    if (!(await knex.schema.hasTable("bucket_settings"))) await createSettings(knex);
    await knex.raw("CREATE INDEX IF NOT EXISTS bucket_settings_bucket ON bucket_settings (bucket)");
    if (!(await knex.schema.hasTable("upload_notes"))) await createNotes(knex);
    await knex.raw("CREATE INDEX IF NOT EXISTS upload_notes_expires_at ON upload_notes (expires_at)");
  },

  async down(knex: Knex): Promise<void> {
    await knex.schema.dropTable("upload_notes");
    await knex.schema.dropTable("bucket_settings");
  },
};

async function createSettings(knex: Knex): Promise<void> {
  await knex.schema.createTable("bucket_settings", (table) => {
    table.text("satellite").notNullable();
    table.text("project").notNullable();
    table.text("bucket").notNullable();
    table.bigInteger("version").notNullable();
    table.text("sections").notNullable();
    table.binary("sealed_grant");
    table.bigInteger("created_at").notNullable();
    table.primary(["satellite", "project", "bucket"]);
  });
}

async function createNotes(knex: Knex): Promise<void> {
  await knex.schema.createTable("upload_notes", (table) => {
    table.binary("upload_hash").notNullable();
    table.integer("part_number").notNullable();
    table.binary("note").notNullable();
    table.bigInteger("expires_at").notNullable();
    table.primary(["upload_hash", "part_number"]);
  });
}
