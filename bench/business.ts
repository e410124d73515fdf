import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger } from "earlybird";
import { createPool, openDatabase } from "earlybird/database";
import { RollbackManager } from "earlybird/rollback";
import { Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import { changes } from "../delivery/src/changes/index.ts";
import type { DeliveryDatabase, Tables } from "../delivery/src/database.ts";
import { createSchema } from "../delivery/src/schema.ts";

/** A server of the bench's own, durable like a real one, that is gone afterwards. */
export const withServer = async (work: (url: string) => Promise<void>): Promise<void> => {
  const dataDir = await mkdtemp(join(tmpdir(), "earlybird-bench-"));
  const server = await openDatabase({ dataDir, log: createLogger("silent") });
  try {
    await work(server.url);
  } finally {
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  }
};

/** A business of a given size in a database of its own. */
export interface Business {
  pool: pg.Pool;
  db: DeliveryDatabase;
  manager: RollbackManager;
  close(): Promise<void>;
}

/**
 * Creates a database `name` with all changes applied and this many subscription orders, each with its
 * delivery; every third order was turned DELIVERED by step 22.
 */
export const createBusiness = async (serverUrl: string, name: string, orders: number): Promise<Business> => {
  const administration = createPool(serverUrl);
  await administration.query(`create database ${name}`);
  await administration.end();
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const pool = createPool(url.href);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  await createSchema(db);
  const manager = new RollbackManager({ pool, changes, log: createLogger("silent") });
  await manager.install({ requestedBy: "bench", origin: "bench" });
  const subscriptions = Math.ceil(orders / 90);
  await sql`insert into products values ('prd_1', 'Milk', 'dairy', '1 l', 6400)`.execute(db);
  await sql`insert into customers select 'cst_' || n, 'Customer ' || n, '+91' || n, 'Street ' || n, 'Area ' || n % 20
    from generate_series(1, ${sql.lit(subscriptions)}) n`.execute(db);
  await sql`insert into subscriptions (id, customer_id, product_id, quantity, schedule, starts_on)
    select 'sub_' || n, 'cst_' || n, 'prd_1', 1, 'daily', '2026-01-01' from generate_series(1, ${sql.lit(subscriptions)}) n`.execute(
    db,
  );
  await sql`insert into orders (id, customer_id, kind, items, total_paise, delivery_date, status, subscription_id,
      delivered_at, delivery_confirmed, status_before_delivery)
    select 'ord_' || n, 'cst_' || c, 'subscription',
      '[{"product_id":"prd_1","quantity":1,"unit_price_paise":6400}]', 6400, date '2026-01-01' + n / ${sql.lit(subscriptions)},
      case when n % 3 = 0 then 'DELIVERED' else 'PENDING' end, 'sub_' || c,
      case when n % 3 = 0 then now() end, case when n % 3 = 0 then true end, case when n % 3 = 0 then 'CONFIRMED' end
    from (select n, n % ${sql.lit(subscriptions)} + 1 as c from generate_series(1, ${sql.lit(orders)}) n) as numbered`.execute(
    db,
  );
  await sql`insert into delivery_statuses (id, customer_id, delivery_date, status, order_id)
    select 'dlv_' || id, customer_id, delivery_date, case when status = 'DELIVERED' then 'delivered' else 'pending' end, id
    from orders`.execute(db);
  await sql`vacuum analyze`.execute(db);
  await sql`checkpoint`.execute(db);
  return { pool, db, manager, close: () => pool.end() };
};
