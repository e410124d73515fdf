import { Kysely, PostgresDialect } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { countsOf } from "../../../../test/support/judged.ts";
import { TickRecord } from "./tick-record.ts";

let database: TestDatabase;
// biome-ignore lint/suspicious/noExplicitAny: the tables are the platform's
let db: Kysely<any>;
beforeAll(async () => {
  database = await createTestDatabase();
  db = new Kysely({ dialect: new PostgresDialect({ pool: database.pool }) });
});
afterAll(() => database.drop());

const tick = (sequence: number) => ({
  ...{ sequence, from: sequence * 5_000, to: (sequence + 1) * 5_000, green_percent: 1 },
  ...{ blue: countsOf(99, [0, 40, 4, 1]), green: countsOf(1, [1, 0, 0, 0]) },
});
const stored = async () =>
  (
    await database.pool.query(
      "select seq, green_percent::float8, green from earlybird.release_ticks order by seq",
    )
  ).rows;

test("ticks are stored once, also those that came while the database was away", async () => {
  const record = new TickRecord("20270301-1");
  record.note(tick(0));
  await record.copy(db);
  await database.pool.query("alter table earlybird.release_ticks rename column seq to away");
  record.note(tick(1));
  await expect(record.copy(db)).rejects.toThrow();
  await database.pool.query("alter table earlybird.release_ticks rename column away to seq");
  record.note(tick(2));
  await record.copy(db);
  const another = new TickRecord("20270301-1");
  another.note(tick(2));
  await another.copy(db);
  expect((await stored()).map(({ seq }) => seq)).toEqual([0, 1, 2]);
  expect((await stored())[0]).toMatchObject({ green_percent: 1, green: { clients: 1, failed_clients: 1 } });
});
