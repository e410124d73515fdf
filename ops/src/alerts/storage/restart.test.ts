import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Notification } from "@earlybird-ops/platform/alerts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import {
  createDecisions,
  type Decisions,
  down,
  type Observed,
  startOfTime,
  well,
  withSymptoms,
} from "../../../../test/support/decisions.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";

let dataDir: string;
let clock: StandingClock;

beforeEach(async () => {
  dataDir = await makeTemporaryDirectory();
  clock = new StandingClock(startOfTime);
});

/** A process of the service; each one finds what the one before has left. */
const start = (options = {}) => createDecisions({ dataDir, clock, ...options });

const stateDirectory = () => join(dataDir, "alerts", "state");
const stateFiles = async () =>
  (await readdir(stateDirectory()).catch(() => [])).filter((n) => n !== "set-aside");
const stateText = async () => {
  const [name = "none"] = await stateFiles();
  return readFile(join(stateDirectory(), name), "utf8").catch(() => "");
};

afterEach(async () => {
  // Adopted files are gone, and nothing is left half-written.
  expect((await stateFiles()).filter((name) => !/^state-[\w-]+\.json$/.test(name))).toEqual([]);
});

test("a restart neither repeats an alert nor forgets its end", async () => {
  const before = start();
  await before.observe(down, down, down);
  const after = start();
  expect(after.alerts.active()).toEqual(before.alerts.active());
  await after.observe(down, down);
  expect(after.words()).toEqual([]);
  await after.observe(well, well);
  expect(after.words()).toEqual(["resolved DATABASE_DOWN"]);
  expect(after.told[0]?.alert).toMatchObject({
    id: before.told[0]?.alert.id,
    details: { lasted_seconds: 5 },
  });
});

test("a pending rule stays pending over a restart, and the time between does not count", async () => {
  const busy: Observed = {
    ...well,
    system: { cpu_percent: 95, memory_percent: 10, event_loop_utilization_percent: 1 },
  };
  const fiveSecondly = async ({ observe, pass }: Decisions, observations: number) => {
    for (let n = 0; n < observations; n++) {
      await observe(busy);
      await pass(4);
    }
  };
  const before = start();
  await fiveSecondly(before, 20);
  await before.alerts.close();
  clock.advanceMs(60_000);
  const after = start();
  await fiveSecondly(after, 5);
  expect(after.words()).toEqual([]);
  await fiveSecondly(after, 1);
  expect(after.words()).toEqual(["fired HIGH_CPU"]);
});

test("a notification that was about to be sent is sent by the next process", async () => {
  const before = start({ dispatch: () => Promise.reject(new Error("no space left")) });
  await before.observe(down, down);
  const after = start();
  await after.pass(1);
  expect(after.words()).toEqual(["fired DATABASE_DOWN"]);
});

test("a notification that was about to be sent keeps its id, even if it is found in the spool while it is sent again", async () => {
  const handedOn: Notification[] = [];
  const dispatch = async (notification: Notification) => {
    handedOn.push(notification);
    throw new Error("killed before it could be noted");
  };
  const before = start({ dispatch });
  await before.observe(down, down);
  const after = start();
  await Promise.resolve();
  await after.find(...handedOn);
  await after.alerts.settled();
  expect(after.told.map(({ id }) => id)).toEqual([handedOn[0]?.id]);
  await after.observe(down, well, well);
  expect(after.words()).toEqual(["fired DATABASE_DOWN", "resolved DATABASE_DOWN"]);
});

test("a notification that an earlier process left in the spool counts as sent, and its end is sent", async () => {
  const handedOn: Notification[] = [];
  const before = start({
    dispatch: (notification: Notification) => {
      handedOn.push(notification);
      return new Promise<void>(() => undefined);
    },
  });
  before.alerts.raise({ type: "CUSTOM", message: "Look into it." });
  await expect.poll(() => handedOn).toHaveLength(1);
  await before.alerts.stop(1);
  const after = start();
  await after.find(...handedOn);
  expect(await stateText()).toContain('"told"');
  after.alerts.resolve("CUSTOM");
  await after.pass(1);
  expect(after.words()).toEqual(["resolved CUSTOM"]);
});

test("an accepted notification is known after a kill one second later", async () => {
  const before = start();
  const { id: alert_id } = before.alerts.raise({ type: "CUSTOM", message: "Look into it." });
  await before.pass(1);
  const attempt = { occasion: "fired", attempt: 1, took_ms: 1, answer: null, next_at: null } as const;
  const about = { notification_id: "n", alert_id, channel: "slack", at: startOfTime } as const;
  before.report({ ...attempt, ...about, outcome: "accepted" });
  await before.pass(1);
  const after = start();
  expect((await after.alerts.explain(alert_id)).channels).toMatchObject([{ outcome: "accepted" }]);
  await after.alerts.stop();
});

test("the next process knows which alerts fire again", async () => {
  const before = start();
  await before.observe(down, down, well, well);
  const after = start();
  await after.observe(down, down);
  expect(after.told).toMatchObject([{ occasion: "fired", repetition: { count: 2 } }]);
});

test("an alert that becomes more severe after a restart is sent as that", async () => {
  const before = start();
  before.alerts.raise({ type: "CUSTOM", key: "store", severity: "warning", message: "Warm." });
  await before.pass(1);
  const after = start();
  await after.pass(1);
  expect(after.words()).toEqual([]);
  after.alerts.raise({ type: "CUSTOM", key: "store", severity: "critical", message: "Hot." });
  await after.pass(1);
  expect(after.words()).toEqual(["worsened CUSTOM"]);
});

test("an alert that an older version sent without its severity is never sent as more severe", async () => {
  const before = start();
  before.alerts.raise({ type: "CUSTOM", key: "fires", severity: "warning", message: "Warm." });
  await before.pass(1);
  await before.alerts.close();
  const state = JSON.parse(await stateText());
  for (const [, told] of state.last_told) delete told.severity;
  for (const { telling } of state.incidents) delete telling.severity;
  const [name = "none"] = await stateFiles();
  await writeFile(join(stateDirectory(), name), JSON.stringify(state));
  const after = start();
  after.alerts.raise({ type: "CUSTOM", key: "fires", severity: "critical", message: "Hot." });
  await after.pass(1);
  expect(after.words()).toEqual([]);
});

test("notifications of more than an hour ago are removed from the state", async () => {
  const lastNotified = async (): Promise<[string, unknown][]> => JSON.parse(await stateText()).last_told;
  const { alerts, pass } = start();
  for (const key of ["vans", "milk", "ice"]) {
    alerts.raise({ type: "CUSTOM", key, message: `No ${key}.` });
    await pass(1);
    alerts.resolve("CUSTOM", key);
    await pass(1);
    await pass(1_798);
  }
  expect((await lastNotified()).map(([fingerprint]) => fingerprint)).toEqual(["CUSTOM milk", "CUSTOM ice"]);
  await pass(1_600);
  await alerts.close();
  expect((await lastNotified()).map(([fingerprint]) => fingerprint)).toEqual(["CUSTOM ice"]);
});

test("the quiet time of a raised alert includes the time before a restart", async () => {
  const before = start();
  before.alerts.raise({ type: "DELIVERY_ISSUE", message: "Left open." });
  await before.pass(10 * 60);
  await before.alerts.close();
  const after = start();
  await after.pass(4 * 60 + 59);
  expect(after.words()).toEqual([]);
  await after.pass(1);
  expect(after.words()).toEqual(["resolved DELIVERY_ISSUE"]);
});

test("an alert that ended without being sent does not fire again after a restart", async () => {
  const before = start();
  await before.alerts.mute({ type: "CUSTOM", duration_seconds: 60, author: "Asha" });
  before.alerts.raise({ type: "CUSTOM", message: "Muted.", quietMs: null });
  before.alerts.raise({ type: "BILLING_FAILURE", message: "Told, and saved together with the other." });
  await before.pass(1);
  before.alerts.resolve("CUSTOM");
  await before.pass(1);
  const after = start();
  await after.pass(61);
  expect(after.alerts.active().map(({ type }) => type)).toEqual(["BILLING_FAILURE"]);
  expect(after.words()).toEqual([]);
});

test("mutes and symptoms survive a restart", async () => {
  const before = start();
  await before.observe(down, down, withSymptoms(down));
  await before.alerts.mute({ type: "CUSTOM", duration_seconds: 60, author: "Asha" });
  const after = start();
  expect(after.alerts.mutes()).toMatchObject([{ type: "CUSTOM", author: "Asha" }]);
  await after.observe(withSymptoms(well), well);
  expect(after.told.map(({ occasion, symptoms }) => [occasion, symptoms])).toEqual([["resolved", 2]]);
});

test("the dispatcher has the notification before the state marks it as sent", async () => {
  const saved: string[] = [];
  const { observe, alerts } = start({
    dispatch: async () => {
      saved.push(await stateText());
    },
  });
  await observe(down, down);
  await alerts.settled();
  expect(saved.join()).not.toContain('"told"');
  expect(await stateText()).toContain('"told"');
});

test("invalid details of an older version become texts", async () => {
  const before = start();
  before.alerts.raise({ type: "CUSTOM", message: "Odd." });
  await before.pass(1);
  const [name = ""] = await stateFiles();
  const odd = (await stateText()).replace('"occurrences":1', '"occurrences":1,"login":{"a":1},"share":null');
  await writeFile(join(stateDirectory(), name), odd);
  const after = start();
  await after.pass(1);
  expect(after.alerts.active()).toMatchObject([
    { details: { login: "{ a: 1 }", share: "null", occurrences: 1 } },
  ]);
});

/** What happens; a step is over when all is decided. */
const steps: ((desk: Decisions) => unknown)[] = [
  ({ observe }) => observe(down),
  ({ observe }) => observe(down),
  ({ alerts }) => alerts.raise({ type: "BILLING_FAILURE", key: "2026-01", message: "The run failed." }),
  ({ observe }) => observe(withSymptoms(down)),
  ({ observe }) => observe(well),
  ({ observe }) => observe(well),
  ({ alerts }) => alerts.resolve("BILLING_FAILURE", "2026-01"),
  ({ pass }) => pass(1),
];
const story = [
  "fired DATABASE_DOWN",
  "fired BILLING_FAILURE",
  "resolved DATABASE_DOWN",
  "resolved BILLING_FAILURE",
];

test.each([
  ["before", 1],
  ["after", 1],
  ["before", 2],
  ["after", 2],
  ["before", 3],
  ["after", 3],
  ["before", 4],
  ["after", 4],
])(
  "a crash right %s notification %i is dispatched loses none, and repeats at most that one",
  async (when, nth) => {
    const told: string[] = [];
    /** What was on disk at the crash; undefined before it. */
    let onDisk: string | undefined;
    let die = () => {};
    const begin = (): { desk: Decisions; death: Promise<void> } => {
      const death = new Promise<void>((resolve) => {
        die = resolve;
      });
      return { desk: start({ dispatch }), death };
    };
    const dispatch = async ({ occasion, alert }: Notification): Promise<void> => {
      const dies = onDisk === undefined && told.length + 1 === nth;
      if (dies) onDisk = await stateText();
      if (!dies || when === "after") told.push(`${occasion} ${alert.type}`);
      if (!dies) return;
      die();
      await new Promise(() => undefined);
    };
    let { desk, death } = begin();
    for (const step of steps) {
      const over = async () => {
        await step(desk);
        await desk.alerts.settled();
      };
      const dead = await Promise.race([over().then(() => false), death.then(() => true)]);
      if (!dead) continue;
      await rm(stateDirectory(), { recursive: true });
      await mkdir(stateDirectory());
      await writeFile(join(stateDirectory(), "state-1-a.json"), onDisk ?? "");
      ({ desk, death } = begin());
      await desk.alerts.settled();
    }
    expect([...new Set(told)]).toEqual(story);
    expect(told.length - story.length).toBe(when === "after" ? 1 : 0);
  },
);

test.each(["{", "[]", '{"version":2}', ""])(
  "a state like %o is set aside, and alerts start without it",
  async (text) => {
    await mkdir(stateDirectory(), { recursive: true });
    await writeFile(join(stateDirectory(), "state-1-a.json"), text);
    const { observe, words } = start();
    await observe(down, down);
    expect(words()).toEqual(["fired DATABASE_DOWN"]);
    expect(await readFile(join(stateDirectory(), "set-aside", "state-1-a.json"), "utf8")).toBe(text);
  },
);

test("when one of two processes in a data directory dies, the other one sends the end of its alerts", async () => {
  const neighbour = spawn("sleep", ["60"]);
  await once(neighbour, "spawn");
  const before = start();
  await before.observe(down, down);
  const saved = JSON.parse(await stateText());
  await rm(stateDirectory(), { recursive: true });
  await mkdir(stateDirectory());
  const owner = { ...saved.owner, pid: neighbour.pid, started: null };
  await writeFile(join(stateDirectory(), "state-1-a.json"), JSON.stringify({ ...saved, owner }));

  const after = start();
  expect(after.alerts.active()).toEqual([]);
  neighbour.kill();
  await once(neighbour, "exit");
  await after.pass(60);
  expect(after.alerts.active()).toEqual(before.alerts.active());
  await after.observe(well, well);
  expect(after.words()).toEqual(["resolved DATABASE_DOWN"]);
  expect(await stateFiles()).toHaveLength(1);
});

test("alerts are sent even if the state cannot be saved", async () => {
  await writeFile(join(dataDir, "alerts"), "a file where the folder should be");
  const { observe, words } = start();
  await observe(down, down, well, well);
  expect(words()).toEqual(["fired DATABASE_DOWN", "resolved DATABASE_DOWN"]);
});
