import type pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import {
  createDecisions,
  down,
  startOfTime,
  well,
  withSymptoms,
} from "../../../../test/support/decisions.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { createPool } from "../../database/index.ts";

const message = "Look into it.";
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let clock: StandingClock;
let dataDir: string;
beforeEach(async () => {
  clock = new StandingClock(startOfTime);
  dataDir = await makeTemporaryDirectory();
});

describe("after a restart and a clock set back by a day", () => {
  const start = () => createDecisions({ clock, dataDir });
  const restart = async (before: ReturnType<typeof start>) => {
    await before.alerts.close();
    clock.stepMs(-dayMs);
    return start();
  };

  test("an alert that was sent and resolved is sent when it fires again", async () => {
    const before = start();
    await before.observe(down, down, well, well);
    const after = await restart(before);
    await after.observe(down, down);
    expect(after.words()).toEqual(["fired DATABASE_DOWN"]);
  });

  test("a firing alert is not sent again at once, and its reminder after four hours", async () => {
    const before = start();
    await before.observe(down, down);
    const after = await restart(before);
    await after.observe(down);
    await after.pass(4 * 3_600 - 2);
    expect(after.words()).toEqual([]);
    await after.pass(2);
    expect(after.words()).toEqual(["reminder DATABASE_DOWN"]);
  });

  test("a raised alert ends after its quiet time", async () => {
    const before = start();
    before.alerts.raise({ type: "DELIVERY_ISSUE", message });
    const after = await restart(before);
    await after.pass(15 * 60);
    expect(after.words()).toEqual(["resolved DELIVERY_ISSUE"]);
  });

  test("an alert that waits for its cause waits no longer than usual", async () => {
    const before = start();
    await before.observe(withSymptoms(down));
    expect(before.alerts.active()).not.toEqual([]);
    const after = await restart(before);
    await after.observe(withSymptoms(well));
    await after.pass(15);
    expect(after.words()).toContain("fired API_TIMEOUT");
  });

  test("an alert without enough requests to evaluate its rule ends", async () => {
    const before = start();
    await before.observe(withSymptoms(well), withSymptoms(well), well);
    const after = await restart(before);
    await after.observe(well);
    await after.pass(3_600);
    await after.observe(well);
    expect(after.alerts.active()).toEqual([]);
  });
});

describe("with a database", () => {
  let database: TestDatabase;
  let pools: pg.Pool[];

  beforeEach(async () => {
    database = await createTestDatabase();
    pools = [];
  });
  afterEach(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await database.drop();
  });

  /** An instance that has met the database: a busy machine must not look like a database that hangs. */
  const start = async (options = {}) => {
    const pool = createPool(database.url, { max: 2 });
    pools.push(pool);
    const one = createDecisions({ clock, database: pool, ...options });
    await one.pass(5);
    return one;
  };

  test("an alert that was sent and resolved before the clock was set back is sent when it fires again", async () => {
    const { alerts, pass, words } = await start();
    for (let n = 0; n < 2; n++) {
      alerts.raise({ type: "CUSTOM", message });
      await pass(1);
      alerts.resolve("CUSTOM");
      await pass(1);
      clock.stepMs(-hourMs);
      await pass(10 * 60);
    }
    expect(words()).toEqual(["fired CUSTOM", "resolved CUSTOM", "fired CUSTOM", "resolved CUSTOM"]);
    await alerts.stop();
  });

  /** What another instance claimed, an hour before the clock was set back by two, and has died since. */
  const claimedBefore = async ({ told, resolved }: { told: boolean; resolved: boolean }) => {
    const at = new Date(clock.now().getTime() + hourMs);
    await database.pool.query(
      "insert into earlybird.alert_claims values ($4, 'a', 'web-1', $1, $1, $2, $1, $3)",
      [at, told ? at : null, resolved ? at : null, `CUSTOM ${message}`],
    );
  };

  test.each([
    ["claimed only", { told: false, resolved: false }],
    ["told", { told: true, resolved: false }],
    ["told, and its end", { told: true, resolved: true }],
  ])("what somebody had %s before the clock was set back is sent, and its end", async (_, before) => {
    const { alerts, pass, words } = await start();
    await claimedBefore(before);
    alerts.raise({ type: "CUSTOM", message });
    await pass(1);
    alerts.resolve("CUSTOM");
    await pass(1);
    expect(words()).toEqual(["fired CUSTOM", "resolved CUSTOM"]);
    await alerts.stop();
  });

  describe.each([
    ["told", { told: true, resolved: false }],
    ["told, and its end", { told: true, resolved: true }],
  ])(
    "what somebody had %s before the clock was set back, and is sent while the database is unavailable",
    (_, before) => {
      test("is known to all when that is back", async () => {
        const { alerts, observe, pass } = await start();
        await claimedBefore(before);
        await observe(down);
        const { id } = alerts.raise({ type: "CUSTOM", message });
        await observe(well);
        await pass(5);
        const { rows } = await database.pool.query("select alert from earlybird.alert_claims");
        expect(rows).toEqual([{ alert: id }]);
        await alerts.stop();
      });

      test("and its end is sent, too", async () => {
        const { alerts, observe, pass, words } = await start();
        await claimedBefore(before);
        await observe(down);
        alerts.raise({ type: "CUSTOM", message });
        await observe(well);
        alerts.resolve("CUSTOM");
        await pass(1);
        expect(words()).toEqual(["fired CUSTOM", "resolved CUSTOM"]);
        await alerts.stop();
      });
    },
  );

  test("a restarted instance checks the claim of another, and sends if that one has died", async () => {
    const dead = await start();
    dead.alerts.raise({ type: "CUSTOM", message });
    await dead.pass(1);
    const before = await start({ dataDir });
    before.alerts.raise({ type: "CUSTOM", message, quietMs: null });
    await before.pass(1);
    await before.alerts.close();
    expect(before.words()).toEqual([]);
    clock.stepMs(-dayMs);
    const after = await start({ dataDir });
    await after.pass(60);
    expect(after.words()).toEqual(["fired CUSTOM"]);
    await after.alerts.stop();
  });

  test("two instances whose clocks differ by half a minute do not send the same alert", async () => {
    const ahead = await start();
    ahead.alerts.raise({ type: "CUSTOM", message });
    await ahead.pass(1);
    clock.stepMs(-30_000);
    const behind = await start();
    behind.alerts.raise({ type: "CUSTOM", message });
    await behind.pass(1);
    expect(behind.words()).toEqual([]);
    await Promise.all([ahead.alerts.stop(), behind.alerts.stop()]);
  });
});
