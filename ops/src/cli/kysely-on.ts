import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";

export const kyselyOn = (pool: pg.Pool): Kysely<unknown> =>
  new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
