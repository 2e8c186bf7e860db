import type { Fate, FateOf, SqlError } from "./database-relay.js";

/** cockroachlabs.com/docs/stable/transaction-retry-error-reference, common-errors#result-is-ambiguous */
export const restart: SqlError = {
  code: "40001",
  message: "restart transaction: TransactionRetryWithProtoRefreshError: WriteTooOldError",
};
export const ambiguous: SqlError = { code: "40003", message: "result is ambiguous" };

/**
 * What CockroachDB, as far as its documentation tells, makes of statements otherwise than PostgreSQL: it names itself, all
 * its integers have 64 bits (docs/stable/int), advisory locks and SELECT … FOR UPDATE are nothing to rely on
 * (docs/stable/select-for-update), and a change of tables in a transaction need not be whole
 * (docs/stable/online-schema-changes#schema-changes-within-transactions), so here it is refused.
 */
export const cockroachManners: FateOf = (sql, isInTransaction): Fate | undefined => {
  if (/^select version\(\)/i.test(sql)) return { run: `SELECT '${version}' AS version` };
  if (/advisory/i.test(sql)) return { refuse: unsupported("an advisory lock is relied on") };
  if (/^(create|alter|drop)\b/i.test(sql)) {
    if (isInTransaction) return { refuse: unsupported("a table is changed in a transaction") };
    return { run: sql.replace(/\binteger\b/gi, "bigint").replace(/\bserial\b/gi, "bigserial") };
  }
  if (/ for update$/i.test(sql)) return { run: sql.replace(/ for update$/i, "") };
  return undefined;
};

const version = "CockroachDB CCL v25.2.1 (x86_64-pc-linux-gnu, built 2025/06/02 14:18:40, go1.23.7)";

function unsupported(message: string): SqlError {
  return { code: "0A000", message };
}
