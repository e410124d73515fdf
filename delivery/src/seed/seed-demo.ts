import { type Clock, defineFailure, systemClock } from "@earlybird-ops/platform";
import { hash } from "@node-rs/argon2";
import { sql, type Transaction } from "kysely";
import { readTimeZone } from "../business/time-zone.ts";
import { inTimeZone } from "../calendar.ts";
import type { DeliveryDatabase, Tables } from "../database.ts";
import { seedBilling, seedBillLines } from "./billing.ts";
import { loadInBulk } from "./bulk-load.ts";
import { countDataAnomalies, type DataAnomalies } from "./data-anomalies.ts";
import { seedDeliveries, seedSharedLinks } from "./deliveries.ts";
import { demoPassword } from "./logins.ts";
import { planOrders, seedOrders } from "./orders.ts";
import { planCustomers, seedCustomers } from "./people.ts";
import { makePlan, type Plan } from "./plan.ts";
import { seedProducts } from "./products.ts";
import { createSeededRandom } from "./seeded-random.ts";
import { seedSubscriptions } from "./subscriptions.ts";
import { seedUsers } from "./users.ts";

const tables = [
  "users",
  "customers",
  "products",
  "subscriptions",
  "orders",
  "delivery_statuses",
  "billing_records",
  "bill_lines",
  "shared_links",
] as const;

export type SeededTable = (typeof tables)[number];

export interface SeedOptions {
  customers?: number;
  /** Days of history, today included; tomorrow's orders come on top. */
  days?: number;
  /** Another seed, another city full of people. */
  seed?: number;
  /** Called when a table is filled, or the `indexes` are back. */
  onProgress?: (stage: SeededTable | "indexes", rows: number) => void;
  /** Its day is the last of the history: deliveries due by then are delivered. Times of day are those of the business. */
  clock?: Clock;
}

export interface SeedReport {
  rows: Record<SeededTable, number>;
  seconds: number;
  anomalies: DataAnomalies;
}

export const databaseNotEmpty = defineFailure({
  code: "EB_NOT_EMPTY",
  status: 409,
  detail: "The table {table} is not empty; demo data is only loaded into an empty database.",
  remedy: "Set DATABASE_URL or EARLYBIRD_DATA_DIR to an empty database.",
});

export const badSeedOption = defineFailure({
  code: "EB_SEED_OPTIONS",
  status: 400,
  exitStatus: 2,
  detail: "The demo data cannot be generated: {fault}.",
  remedy: "Correct the option.",
});

/**
 * Loads a believable business into an empty database whose changes are all applied: customers, and a history
 * of `days` days that ends now. The same options and moment give the same rows, byte for byte.
 *
 * All of it is one transaction, and the tables are locked meanwhile. It needs no superuser, only the owner
 * of the tables.
 *
 * @throws Failure EB_NOT_EMPTY when a business table holds a row; EB_SEED_OPTIONS
 */
export const seedDemo = async (db: DeliveryDatabase, options: SeedOptions = {}): Promise<SeedReport> => {
  const {
    customers = 2_000,
    days = 90,
    seed = 1,
    onProgress = () => undefined,
    clock = systemClock,
  } = options;
  refuseBadOptions({ customers, days, seed });
  const startedMs = clock.monotonicMs();
  const businessClock = inTimeZone(clock, await readTimeZone(db));
  const plan = makePlan({ customers, days }, createSeededRandom(seed), businessClock);
  const passwordHash = await hash(demoPassword, { salt: Buffer.from("earlybird demo salt") });
  const rows = {} as Record<SeededTable, number>;

  const anomalies = await db.transaction().execute(async (tx) => {
    await prepare(tx, plan);
    await loadInBulk(tx, tables, () =>
      load(tx, plan, passwordHash, (table, count) => {
        rows[table] = count;
        onProgress(table, count);
      }),
    );
    for (const table of tables) await sql`analyze ${sql.table(table)}`.execute(tx);
    onProgress("indexes", 0);
    return countDataAnomalies(tx);
  });
  return { rows, seconds: (clock.monotonicMs() - startedMs) / 1000, anomalies };
};

const refuseBadOptions = ({
  customers,
  days,
  seed,
}: Required<Pick<SeedOptions, "customers" | "days" | "seed">>) => {
  for (const [name, value, most] of [
    ["customers", customers, 1_000_000],
    ["days", days, 3_660],
  ] as const) {
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw badSeedOption({ fault: `${name} is ${value}, and must be a whole number from 1 to ${most}` });
    }
  }
  if (!Number.isSafeInteger(seed))
    throw badSeedOption({ fault: `the seed is ${seed}, and must be a whole number` });
};

const prepare = async (tx: Transaction<Tables>, { timeZone }: Plan): Promise<void> => {
  await sql`select set_config('TimeZone', ${timeZone}, true)`.execute(tx);
  // A crash may lose the whole load, never a part of it, and it can be repeated.
  await sql`set local synchronous_commit = off`.execute(tx);
  await sql`set local work_mem = '64MB'`.execute(tx);
  await sql`set local maintenance_work_mem = '128MB'`.execute(tx);
  await sql`set local jit = off`.execute(tx);
  // A sample of 9,000 rows is enough until autovacuum comes by and takes a larger one.
  await sql`set local default_statistics_target = 30`.execute(tx);
  // Lock first, look second: of two loads at once, the later one finds the rows of the first.
  await sql`lock table ${sql.join(tables.map((table) => sql.table(table)))}`.execute(tx);
  const occupied = await firstOccupied(tx);
  if (occupied) throw databaseNotEmpty({ table: occupied });
};

const firstOccupied = async (db: DeliveryDatabase): Promise<SeededTable | undefined> => {
  for (const table of tables) {
    const { rows } = await sql`select from ${sql.table(table)} limit 1`.execute(db);
    if (rows.length > 0) return table;
  }
  return undefined;
};

/** Whether the demo data could be loaded: no business table holds a row. */
export const isEmpty = async (db: DeliveryDatabase): Promise<boolean> =>
  (await firstOccupied(db)) === undefined;

const load = async (
  tx: Transaction<Tables>,
  plan: Plan,
  passwordHash: string,
  filled: (table: SeededTable, rows: number) => void,
): Promise<void> => {
  await planCustomers(tx, plan);
  filled("users", await seedUsers(tx, plan, passwordHash));
  filled("customers", await seedCustomers(tx));
  filled("products", await seedProducts(tx, plan));
  filled("subscriptions", await seedSubscriptions(tx, plan));
  await planOrders(tx, plan);
  filled("orders", await seedOrders(tx, plan));
  filled("delivery_statuses", await seedDeliveries(tx, plan));
  filled("billing_records", await seedBilling(tx, plan));
  filled("bill_lines", await seedBillLines(tx, plan));
  filled("shared_links", await seedSharedLinks(tx));
};
