import type { Knex } from "knex";

/** Pieces that their nodes say are damaged. */
export const lostPieces = {
  name: "031-lost-pieces",

  async up(knex: Knex): Promise<void> {
    await knex.schema.createTable("lost_pieces", (table) => {
      table.binary("node_id", 32).notNullable();
      table.binary("piece_id", 32).notNullable();
      table.bigInteger("reported_at").notNullable();
      table.primary(["node_id", "piece_id"]);
    });
  },

  async down(knex: Knex): Promise<void> {
    await knex.schema.dropTable("lost_pieces");
  },
};
