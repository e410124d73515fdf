import { rm } from "node:fs/promises";
import { createLogger } from "@earlybird-ops/platform";
import { createPool, openDatabase } from "@earlybird-ops/platform/database";
import { RollbackManager } from "@earlybird-ops/platform/rollback";
import { Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import { changes } from "../delivery/src/changes/index.ts";
import type { DeliveryDatabase, Tables } from "../delivery/src/database.ts";
import { createSchema } from "../delivery/src/schema.ts";
import { makeTemporaryDirectory } from "../test/support/temporary-directory.ts";

export const asked = {
  requestedBy: "bench",
  origin: "bench",
  reason: "to measure it",
  acknowledge: changes.flatMap(({ acknowledge }) => acknowledge ?? []),
};

/** Starts a temporary PostgreSQL server with durable settings and removes it afterwards. */
export const withServer = async (work: (url: string) => Promise<void>): Promise<void> => {
  const dataDir = await makeTemporaryDirectory();
  const server = await openDatabase({ dataDir, log: createLogger("silent") });
  try {
    await work(server.url);
  } finally {
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  }
};

/** A database with test data of a given size and all changes applied. */
export interface Business {
  url: string;
  pool: pg.Pool;
  db: DeliveryDatabase;
  manager: RollbackManager;
  /** Closes the connections and drops the database. */
  drop(): Promise<void>;
}

const administer = async (serverUrl: string, statement: string): Promise<void> => {
  const pool = createPool(serverUrl);
  await pool.query(statement);
  await pool.end();
};

/** Creates an empty database on the server, and returns its URL. */
export const createDatabase = async (serverUrl: string, name: string): Promise<string> => {
  await administer(serverUrl, `create database ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
};

const createEmptyBusiness = async (serverUrl: string, name: string): Promise<Business> => {
  const url = await createDatabase(serverUrl, name);
  const pool = createPool(url);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  // The benchmarks compute dates in UTC.
  await createSchema(db, "UTC");
  const manager = new RollbackManager({ pool, changes, log: createLogger("silent") });
  await manager.install(asked);
  const drop = async () => {
    await pool.end();
    await administer(serverUrl, `drop database ${name} with (force)`);
  };
  return { url, pool, db, manager, drop };
};

/** Vacuums and checkpoints, as on a server that has run for a while. */
export const settle = async ({ db }: Business): Promise<void> => {
  await sql`vacuum analyze`.execute(db);
  await sql`checkpoint`.execute(db);
};

const timeOfIds = "019a0000-0000-7000-8000-";

/** The nth id of a prefix, as long and as ordered as a production id. */
export const nthId = (prefix: string, n: number): string =>
  `${prefix}${timeOfIds}${n.toString(16).padStart(12, "0")}`;

/** `nthId` as an SQL expression. */
const idOf = (prefix: string, n: string) =>
  sql`${sql.lit(`${prefix}${timeOfIds}`)} || lpad(to_hex(${sql.raw(n)}), 12, '0')`;

/** The product of every order. */
export const productId = nthId("prd_", 1);

/** Creates subscription orders with one delivery each. Step 22 set every third to DELIVERED. */
export const createOrders = async (serverUrl: string, orders: number): Promise<Business> => {
  const business = await createEmptyBusiness(serverUrl, `orders_${orders}`);
  const { db } = business;
  const subscriptions = sql.lit(Math.ceil(orders / 90));
  const items = JSON.stringify([{ product_id: productId, quantity: 1, unit_price_paise: 6_400 }]);
  const handedOver = JSON.stringify([
    { product_id: productId, ordered_qty: 1, delivered_qty: 1, status: "full" },
  ]);
  await sql`insert into products values (${sql.lit(productId)}, 'Milk', 'dairy', '1 l', 6400)`.execute(db);
  await sql`insert into customers select ${idOf("cst_", "n")}, 'Customer ' || n, '+91' || n, 'Street ' || n, 'Area ' || n % 20
    from generate_series(1, ${subscriptions}) n`.execute(db);
  await sql`insert into subscriptions (id, customer_id, product_id, quantity, schedule, starts_on)
    select ${idOf("sub_", "n")}, ${idOf("cst_", "n")}, ${sql.lit(productId)}, 1, 'daily', '2026-01-01' from generate_series(1, ${subscriptions}) n`.execute(
    db,
  );
  await sql`insert into orders (id, customer_id, kind, items, total_paise, delivery_date, status, subscription_id,
      delivered_at, delivery_confirmed, status_before_delivery)
    select ${idOf("ord_", "n")}, ${idOf("cst_", "c")}, 'subscription', ${items}::jsonb, 6400, date '2026-01-01' + n / ${subscriptions},
      case when n % 3 = 0 then 'DELIVERED' else 'PENDING' end, ${idOf("sub_", "c")},
      case when n % 3 = 0 then now() end, case when n % 3 = 0 then true end, case when n % 3 = 0 then 'CONFIRMED' end
    from (select n, n % ${subscriptions} + 1 as c from generate_series(1, ${sql.lit(orders)}) n) as numbered`.execute(
    db,
  );
  await sql`insert into delivery_statuses (id, customer_id, delivery_date, status, order_id, confirmed_by_name,
      confirmed_at, confirmation_method, ip_address, device_info, items)
    select 'dlv_' || substring(id from 5), customer_id, delivery_date, case when status = 'DELIVERED' then 'delivered' else 'pending' end, id,
      'Manjunath', now(), 'delivery', '10.0.0.1', 'phone', ${handedOver}::jsonb
    from orders`.execute(db);
  await settle(business);
  return business;
};

/** Creates customers, each with a user; the references go both ways. */
export const createPeople = async (serverUrl: string, people: number): Promise<Business> => {
  const business = await createEmptyBusiness(serverUrl, `people_${people}`);
  const { db } = business;
  await sql`insert into users (id, email, phone, name, password_hash, role)
    select ${idOf("usr_", "n")}, n || '@example.com', '+91' || n, 'Customer ' || n, '-', 'customer'
    from generate_series(1, ${sql.lit(people)}) n`.execute(db);
  await sql`insert into customers (id, name, phone, address, area, user_id)
    select ${idOf("cst_", "n")}, 'Customer ' || n, '+91' || n, 'Street ' || n, 'Area ' || n % 20, ${idOf("usr_", "n")}
    from generate_series(1, ${sql.lit(people)}) n`.execute(db);
  await sql`update users set customer_id = 'cst_' || substring(id from 5)`.execute(db);
  await settle(business);
  return business;
};

class Aborted extends Error {}

/** Runs a statement in a transaction that is rolled back. Returns the duration of the statement in milliseconds. */
export const timedAndAborted = async (
  business: Business,
  statement: (tx: DeliveryDatabase) => Promise<unknown>,
) => {
  let duration = Number.NaN;
  const abort = business.db.transaction().execute(async (tx) => {
    const startMs = performance.now();
    await statement(tx);
    duration = performance.now() - startMs;
    throw new Aborted();
  });
  await abort.catch((error: unknown) => {
    if (!(error instanceof Aborted)) throw error;
  });
  await settle(business);
  return duration;
};
