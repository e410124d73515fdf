import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import {
  createDecisions,
  type Decisions,
  down,
  type Observed,
  startOfTime,
  well,
} from "../../../../test/support/decisions.ts";
import { startThrowawayPostgres, type ThrowawayPostgres } from "../../../../test/support/throwaway.ts";
import { createPool } from "../../database/index.ts";

const message = "Look into it.";

let clock: StandingClock;
let pools: pg.Pool[];
let instances: Decisions[];

/** Each with connections of its own, as in processes of their own. */
const startThree = (url: string) => {
  clock = new StandingClock(startOfTime);
  pools = [0, 1, 2].map(() => createPool(url, { max: 2 }));
  instances = pools.map((database, rank) => createDecisions({ clock, database, rank: () => rank }));
};

const stopThree = async () => {
  await Promise.all(instances.map(({ alerts }) => alerts.stop()));
  await Promise.all(pools.map((pool) => pool.end()));
};

const who = (n: number) => instances[n] as Decisions;
const told = () => instances.map(({ words }) => words());

/** All see the same at the same moment, and a second passes. */
const allSee = async (...observed: Observed[]) => {
  for (const one of observed) {
    for (const { alerts } of instances) alerts.observe(one);
    await Promise.all(instances.map(({ alerts }) => alerts.settled()));
    clock.advanceMs(1_000);
  }
};

/** Time passes, with a tick for all at its end, and what they share is exchanged. */
const pass = async (seconds: number) => {
  clock.advanceMs(seconds * 1_000);
  for (const { alerts } of instances) alerts.tick();
  await Promise.all(instances.map(({ alerts }) => alerts.settled()));
};

/** The notification is recorded without waiting for it. */
const toldAt = async () =>
  (await pools[0]?.query("select told_at from earlybird.alert_claims"))?.rows[0]?.told_at;

describe("three instances on one database", () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
    startThree(database.url);
    // The tables are there and all are connected: a busy machine must not look like a database that hangs.
    await pass(5);
  });
  afterEach(async () => {
    await stopThree();
    await database.drop();
  });

  test("one of the instances that raise the same alert at once sends it, and one sends its end", async () => {
    for (const { alerts } of instances) alerts.raise({ type: "CUSTOM", key: "vans", message });
    await pass(1);
    expect(told().flat()).toEqual(["fired CUSTOM"]);
    await pass(10);
    for (const { alerts } of instances) alerts.resolve("CUSTOM", "vans");
    await pass(1);
    expect(told().flat()).toEqual(["fired CUSTOM", "resolved CUSTOM"]);
    // Once to write, once to read what the others wrote.
    await pass(5);
    await pass(5);
    const [one, two, three] = (await who(0).alerts.history({ limit: 10 })).alerts;
    const decisions = [one, two, three].map((record) => record?.decisions.map(({ decision }) => decision));
    expect(decisions.sort()).toEqual([
      ["told", "told"],
      ["told_elsewhere", "told_elsewhere"],
      ["told_elsewhere", "told_elsewhere"],
    ]);
  });

  test("each instance sends its own alerts", async () => {
    for (const [n, { alerts }] of instances.entries()) alerts.raise({ type: "CUSTOM", key: `${n}`, message });
    await pass(1);
    expect(told()).toEqual([["fired CUSTOM"], ["fired CUSTOM"], ["fired CUSTOM"]]);
  });

  test("the end is sent by the instance that sent the start, not by the first that recovers", async () => {
    who(0).alerts.raise({ type: "CUSTOM", message });
    await pass(1);
    who(1).alerts.raise({ type: "CUSTOM", message });
    await pass(1);
    who(1).alerts.resolve("CUSTOM");
    await pass(1);
    expect(told()).toEqual([["fired CUSTOM"], [], []]);
    who(0).alerts.resolve("CUSTOM");
    await pass(1);
    expect(told()).toEqual([["fired CUSTOM", "resolved CUSTOM"], [], []]);
  });

  test("an alert that goes on elsewhere after its end was sent is sent again after five minutes", async () => {
    for (const { alerts } of instances.slice(0, 2)) {
      alerts.raise({ type: "CUSTOM", message, quietMs: null });
      await pass(1);
    }
    await pass(240);
    who(0).alerts.resolve("CUSTOM");
    await pass(1);
    await pass(29);
    expect(told()).toEqual([["fired CUSTOM", "resolved CUSTOM"], [], []]);
    await pass(40);
    expect(told()).toEqual([["fired CUSTOM", "resolved CUSTOM"], ["fired CUSTOM"], []]);
  });

  test("an instance takes over from a dead one: it sends the end and later alerts", async () => {
    for (const { alerts } of instances.slice(0, 2)) {
      alerts.raise({ type: "CUSTOM", message, quietMs: null });
      await pass(1);
    }
    await expect.poll(toldAt).not.toBeNull();
    const [dead] = instances.splice(0, 1) as [Decisions];
    await pass(70);
    instances[0]?.alerts.resolve("CUSTOM");
    await pass(1);
    expect(dead.words()).toEqual(["fired CUSTOM"]);
    expect(told()).toEqual([["resolved CUSTOM"], []]);
    await pass(300);
    instances[1]?.alerts.raise({ type: "CUSTOM", message });
    await pass(1);
    expect(told()).toEqual([["resolved CUSTOM"], ["fired CUSTOM"]]);
    instances.unshift(dead);
  });

  test("an end is sent even if the instance that sent the start stops shortly before", async () => {
    for (const { alerts } of instances.slice(0, 2)) {
      alerts.raise({ type: "CUSTOM", message, quietMs: null });
      await pass(1);
    }
    const [stopped] = instances.splice(0, 1) as [Decisions];
    await stopped.alerts.stop();
    await pass(30);
    instances[0]?.alerts.resolve("CUSTOM");
    await pass(1);
    expect(told()).toEqual([[], []]);
    for (let n = 0; n < 4; n++) await pass(15);
    expect([stopped.words(), ...told()]).toEqual([["fired CUSTOM"], ["resolved CUSTOM"], []]);
    instances.unshift(stopped);
  });

  test("an end is sent once, even if the alert flaps elsewhere or the database is unavailable", async () => {
    who(0).alerts.raise({ type: "CUSTOM", message, quietMs: null });
    await pass(1);
    for (let n = 0; n < 3; n++) {
      who(1).alerts.raise({ type: "CUSTOM", message, quietMs: null });
      await pass(30);
      who(1).alerts.resolve("CUSTOM");
      await pass(1);
    }
    who(1).alerts.observe(down);
    who(1).alerts.observe(down);
    await pass(30);
    expect(told().map((words) => words.filter((word) => word.includes("CUSTOM")))).toEqual([
      ["fired CUSTOM"],
      [],
      [],
    ]);
    who(1).alerts.observe(well);
    who(1).alerts.observe(well);
    who(0).alerts.resolve("CUSTOM");
    for (let n = 0; n < 5; n++) await pass(30);
    expect(
      told()
        .flat()
        .filter((word) => word.includes("CUSTOM")),
    ).toEqual(["fired CUSTOM", "resolved CUSTOM"]);
  });

  test("a short outage of the database does not repeat the alerts of another instance", async () => {
    for (const { alerts } of instances.slice(0, 2)) {
      alerts.raise({ type: "CUSTOM", message, severity: "error", quietMs: null });
      await pass(1);
    }
    await pass(30);
    who(1).alerts.observe(down);
    for (let n = 0; n < 4; n++) await pass(35);
    expect(told()).toEqual([["fired CUSTOM"], [], []]);
    who(1).alerts.raise({ type: "CUSTOM", message, severity: "critical" });
    await pass(1);
    expect(told()).toEqual([["fired CUSTOM"], ["fired CUSTOM"], []]);
  });

  test("an instance that dies between its claim and the dispatch does not silence the others", async () => {
    const [first, second] = instances as [Decisions, Decisions];
    const dying = createDecisions({
      clock,
      database: pools[0] as pg.Pool,
      dispatch: () => new Promise<void>(() => undefined),
    });
    dying.alerts.raise({ type: "CUSTOM", message });
    await expect
      .poll(async () => (await pools[0]?.query("select from earlybird.alert_claims"))?.rowCount)
      .toBe(1);
    second.alerts.raise({ type: "CUSTOM", message });
    await pass(1);
    expect(told().flat()).toEqual([]);
    await pass(15);
    expect(told()).toEqual([[], ["fired CUSTOM"], []]);
    expect(first.words()).toEqual([]);
    await dying.alerts.stop(1);
  });

  test("the alert of an instance that dies right after the dispatch is not sent again", async () => {
    const [dead] = instances.splice(0, 1) as [Decisions];
    dead.alerts.raise({ type: "CUSTOM", message });
    await expect.poll(toldAt).toEqual(clock.now());
    await pass(20);
    for (const { alerts } of instances) alerts.raise({ type: "CUSTOM", message });
    await pass(1);
    expect(told()).toEqual([[], []]);
    instances.unshift(dead);
  });

  test("a mute on one instance applies to all within seconds, and so does its end", async () => {
    const mute = await who(0).alerts.mute({ type: "CUSTOM", duration_seconds: 600, author: "Asha" });
    await pass(5);
    expect(instances.map(({ alerts }) => alerts.mutes())).toEqual([[mute], [mute], [mute]]);
    await who(2).alerts.unmute({ type: "CUSTOM", author: "Ravi" });
    await pass(5);
    expect(instances.flatMap(({ alerts }) => alerts.mutes())).toEqual([]);
  });

  test("a mute can be ended on another instance at once", async () => {
    await who(0).alerts.mute({ type: "CUSTOM", duration_seconds: 600, author: "Asha" });
    await who(1).alerts.unmute({ type: "CUSTOM", author: "Ravi" });
    expect(who(1).alerts.mutes()).toEqual([]);
  });

  test.each([-3_000, 3_000])(
    "a mute takes the place of one made on another instance a moment ago, whose clock is off by %i ms",
    async (offMs) => {
      const { alerts } = createDecisions({
        clock: new StandingClock(new Date(clock.now().getTime() + offMs).toISOString()),
        database: pools[0] as pg.Pool,
      });
      await alerts.mute({ type: "CUSTOM", duration_seconds: 600, author: "Asha" });
      const mute = await who(1).alerts.mute({ type: "CUSTOM", duration_seconds: 60, author: "Ravi" });
      await pass(5);
      expect(instances.flatMap((one) => one.alerts.mutes())).toEqual([mute, mute, mute]);
      await who(1).alerts.unmute({ type: "CUSTOM", author: "Ravi" });
      expect(who(1).alerts.mutes()).toEqual([]);
      await alerts.stop();
    },
  );

  test.each([0, 1_000])(
    "of two mutes made %i ms apart by instances that could not know of each other, none outlasts an unmute",
    async (apartMs) => {
      who(0).alerts.observe(down);
      await who(0).alerts.mute({ type: "CUSTOM", duration_seconds: 600, author: "Asha" });
      clock.advanceMs(apartMs);
      await who(1).alerts.mute({ type: "CUSTOM", duration_seconds: 600, author: "Ravi" });
      who(0).alerts.observe(well);
      await pass(5);
      await pass(5);
      await who(2).alerts.unmute({ type: "CUSTOM", author: "Binod" });
      await pass(5);
      expect(instances.flatMap(({ alerts }) => alerts.mutes())).toEqual([]);
    },
  );

  test("each instance has the alerts of all in its history, summary and explanations", async () => {
    const { id } = who(0).alerts.raise({ type: "CUSTOM", message });
    who(1).alerts.raise({ type: "DELIVERY_ISSUE", message });
    await pass(5);
    await pass(5);
    const { alerts } = await who(2).alerts.history({ limit: 10 });
    expect(alerts.map(({ alert }) => alert.type).sort()).toEqual(["CUSTOM", "DELIVERY_ISSUE"]);
    expect(who(2).alerts.summary()).toMatchObject({ active: 2, alerts: 2, by_type: { CUSTOM: 1 } });
    expect((await who(2).alerts.explain(id)).decisions).toMatchObject([{ decision: "told" }]);
    await pass(40 * 86_400);
    await pass(5);
    expect(who(1).alerts.summary()).toMatchObject({ alerts: 0 });
  });

  test("an alert on one instance is active on all, once, until it is resolved", async () => {
    const { id } = who(0).alerts.raise({ type: "BILLING_FAILURE", key: "2026-01", message });
    await pass(1);
    who(1).alerts.raise({ type: "BILLING_FAILURE", key: "2026-01", message });
    await pass(1);
    who(1).alerts.raise({ type: "CUSTOM", key: "vans", message });
    await pass(5);
    await pass(5);
    const active = () => instances.map(({ alerts }) => alerts.activeAnywhere().map(({ key }) => key));
    expect(active()).toEqual(instances.map(() => ["2026-01", "vans"]));
    expect(instances.map(({ alerts }) => alerts.activeAnywhere()[0]?.id)).toEqual([id, id, id]);
    expect(instances.map(({ alerts }) => alerts.summary().active)).toEqual([2, 2, 2]);
    expect(who(2).alerts.summary().alerts).toBe(2);
    expect(instances.map(({ alerts }) => alerts.active().length)).toEqual([1, 2, 0]);
    who(0).alerts.resolve("BILLING_FAILURE", "2026-01");
    who(1).alerts.resolve("CUSTOM", "vans");
    expect(active()).toEqual([["2026-01", "vans"], ["2026-01"], ["2026-01", "vans"]]);
    await pass(5);
    await pass(5);
    expect(active()).toEqual(instances.map(() => ["2026-01"]));
  });
});

describe("when their database stops", () => {
  let postgres: ThrowawayPostgres;

  beforeAll(async () => {
    postgres = await startThrowawayPostgres();
  });
  afterAll(() => postgres.remove());
  beforeEach(async () => {
    startThree(postgres.url);
    await pass(5);
    await pools[0]?.query("truncate earlybird.alert_claims, earlybird.alert_history");
    await postgres.stop();
  });
  afterEach(async () => {
    await stopThree();
    await postgres.start().catch(() => undefined);
  });

  test("the first instance sends the start and the end at once; the others learn it when the database is back", async () => {
    await allSee(well, down, down, down);
    expect(told()).toEqual([["fired DATABASE_DOWN"], [], []]);
    await pass(20);
    await postgres.start();
    await allSee(well, well);
    expect(told()).toEqual([["fired DATABASE_DOWN", "resolved DATABASE_DOWN"], [], []]);
    for (let n = 0; n < 6; n++) await pass(30);
    expect(told().flat()).toEqual(["fired DATABASE_DOWN", "resolved DATABASE_DOWN"]);
    const { alerts } = await who(1).alerts.history({ limit: 10, type: "DATABASE_DOWN" });
    expect(alerts.map(({ decisions }) => decisions.map(({ decision }) => decision)).sort()).toEqual([
      ["told", "told"],
      ["waits_for_turn", "waits_for_turn", "told_elsewhere"],
      ["waits_for_turn", "waits_for_turn", "told_elsewhere"],
    ]);
  });

  test("the second instance sends a minute later if the first is dead; the third learns it when the database is back", async () => {
    const [dead] = instances.splice(0, 1) as [Decisions];
    await allSee(down, down);
    await pass(58);
    expect(told()).toEqual([[], []]);
    await pass(1);
    expect(told()).toEqual([["fired DATABASE_DOWN"], []]);
    await postgres.start();
    await allSee(well, well);
    for (let n = 0; n < 5; n++) await pass(30);
    expect(told()).toEqual([["fired DATABASE_DOWN", "resolved DATABASE_DOWN"], []]);
    instances.unshift(dead);
  });

  test("the second instance sends an outage that ended within the failover delay if the first is dead", async () => {
    const [dead] = instances.splice(0, 1) as [Decisions];
    await allSee(down, down);
    await postgres.start();
    await allSee(well, well);
    expect(told()).toEqual([[], []]);
    await pass(60);
    expect(told()).toEqual([["resolved DATABASE_DOWN"], []]);
    expect(instances[0]?.told[0]?.alert.message).toBe("Resolved after 2 s. The database answers again.");
    await pass(60);
    expect(told().flat()).toEqual(["resolved DATABASE_DOWN"]);
    instances.unshift(dead);
  });

  test("the others repeat none of the many alerts that were sent meanwhile", async () => {
    const keys = Array.from({ length: 450 }, (_, n) => `thing ${n}`);
    const allRaise = async (n: number) => {
      for (const key of keys) who(n).alerts.raise({ type: "CUSTOM", key, message });
      await who(n).alerts.settled();
    };
    await allSee(down, down);
    await allRaise(0);
    await postgres.start();
    await allSee(well, well);
    await pass(5);
    await allRaise(1);
    expect(told()[0]?.filter((words) => words === "fired CUSTOM")).toHaveLength(450);
    expect(told()[1]).toEqual([]);
  });

  test("alerts of the outage are in the history when the database is back, even after a restart", async () => {
    await allSee(down, down);
    who(0).alerts.raise({ type: "CUSTOM", message });
    await who(0).alerts.mute({ type: "HIGH_CPU", duration_seconds: 600, author: "Asha" });
    await pass(1);
    expect(told()[0]).toEqual(["fired DATABASE_DOWN", "fired CUSTOM"]);
    await postgres.start();
    await allSee(well, well);
    await pass(5);
    await pass(5);
    const { rows } = await (pools[0] as pg.Pool).query(
      "select type, state from earlybird.alert_history order by fired_at, type",
    );
    expect(rows.filter(({ type }) => type === "DATABASE_DOWN")).toHaveLength(3);
    expect(rows.filter(({ type }) => type === "CUSTOM")).toEqual([{ type: "CUSTOM", state: "firing" }]);
    expect(who(1).alerts.mutes()).toMatchObject([{ type: "HIGH_CPU", author: "Asha" }]);
  });
});
