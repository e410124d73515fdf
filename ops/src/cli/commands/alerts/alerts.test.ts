import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../../test/support/database.ts";
import { logLines } from "../../../../../test/support/log-lines.ts";
import { createShelfCli } from "../../../../../test/support/shelf-cli.ts";
import { type SlackPeer, startSlackPeer } from "../../../../../test/support/slack-peer.ts";
import { makeTemporaryDirectory } from "../../../../../test/support/temporary-directory.ts";
import { AlertManager, NotificationDispatcher } from "../../../alerts/index.ts";

let database: TestDatabase;
let slack: SlackPeer;
let earlybird: (...args: string[]) => ReturnType<Awaited<ReturnType<typeof createShelfCli>>>;
let ids: string[];

/** A server that does `work` and ends. */
const serve = async <T>(work: (alerts: AlertManager) => Promise<T>): Promise<T> => {
  const { log } = logLines();
  const dispatcher = new NotificationDispatcher({
    channels: [],
    spoolDir: await makeTemporaryDirectory(),
    log,
  });
  const alerts = new AlertManager({ dispatcher, log, database: database.pool });
  const result = await work(alerts);
  await alerts.stop();
  await dispatcher.stop();
  return result;
};

/** What it has left behind: a failed billing run, and two disks that were full, one of which still is. */
const leaveHistory = () =>
  serve(async (alerts) => {
    const run = { type: "BILLING_FAILURE", key: "2026-03", message: "Nothing was billed." } as const;
    const raised = [alerts.raise({ ...run, details: { customers: 2 } })];
    for (const key of ["sda", "sdb"]) {
      // In another millisecond, so that the order of the alerts is certain.
      await sleep(2);
      raised.push(alerts.raise({ type: "CUSTOM", key, message: `${key} is full.` }));
    }
    await alerts.settled();
    alerts.resolve("CUSTOM", "sda");
    return raised.map(({ id }) => id);
  });

beforeAll(async () => {
  [database, slack] = await Promise.all([createTestDatabase(), startSlackPeer()]);
  const cli = await createShelfCli();
  earlybird = (...args) => cli(database.url, "alerts", ...args);
  ids = await leaveHistory();
});
afterAll(async () => {
  await slack?.close();
  await database?.drop();
});

/** Runs a command with `--json`; its one document and its exit status. */
const ask = async (...args: string[]) => {
  const { exitStatus, stdout } = await earlybird(...args, "--json");
  return { exitStatus, answer: JSON.parse(stdout) };
};

test("the summary tells what fires and what happened lately", async () => {
  expect(await ask("summary")).toMatchObject({
    exitStatus: 0,
    answer: { active: 2, alerts: 3, by_type: { CUSTOM: 2, BILLING_FAILURE: 1 }, muted: [] },
  });
  const { stdout } = await earlybird("summary");
  const lines = stdout.split("\n");
  expect(lines.slice(0, 4)).toEqual([
    "2 firing",
    expect.stringMatching(/^since +severity +type +id +message$/),
    expect.stringMatching(`^\\S+Z +critical +BILLING_FAILURE +${ids[0]} +Nothing was billed.$`),
    expect.stringMatching(`^\\S+Z +error +CUSTOM +${ids[2]} +sdb is full.$`),
  ]);
  expect(stdout).toMatch(/\n\n3 in 30 days, resolved after .* on average\ntype +alerts\n/);
});

test("the history shows for each alert whether a notification was sent, in pages and narrowed down", async () => {
  const { answer } = await ask("history", "--limit", "2");
  expect(answer.alerts).toHaveLength(2);
  expect(answer.alerts[0].channels).toMatchObject([{ channel: "log", why: expect.any(String) }]);
  expect((await ask("history", "--page", answer.next)).answer).toMatchObject({ alerts: [{}], next: null });
  const severe = (await ask("history", "--severity", "critical")).answer.alerts;
  expect(severe).toMatchObject([{ id: ids[0], type: "BILLING_FAILURE", state: "firing" }]);
  const over = (await ask("history", "--state", "resolved")).answer.alerts;
  expect(over).toMatchObject([{ id: ids[1], state: "resolved" }]);
  expect((await ask("history", "--before", "2020-01-01")).answer.alerts).toEqual([]);
  const { stdout, stderr } = await earlybird("history", "--limit", "1");
  expect(stdout).toMatch(/^fired +state +severity +type +id +told +message\n/);
  expect(stderr).toContain("For the next page, add --page ");
  for (const wrong of [
    ["--type", "NONE"],
    ["--state", "over"],
    ["--before", "soon"],
    ["--limit", "0"],
  ]) {
    expect([wrong, (await earlybird("history", ...wrong)).exitStatus]).toEqual([wrong, 2]);
  }
});

test("explain shows why a notification was sent, or was not", async () => {
  const { stdout, exitStatus } = await earlybird("explain", ids[0] ?? "");
  expect(exitStatus).toBe(0);
  expect(stdout).toContain("CRITICAL BILLING_FAILURE: Nothing was billed.");
  expect(stdout).toMatch(
    /customers: 2\n.*\ndecisions\n {2}\S+ {2}fired: sent to the channels\nchannels\n {2}log /,
  );
  expect((await ask("explain", ids[0] ?? "")).answer).toMatchObject({
    alert: { id: ids[0] },
    channels: [{}],
  });
  expect(await ask("explain", "nothing")).toMatchObject({
    exitStatus: 2,
    answer: { code: "EB_ALERT_UNKNOWN" },
  });
});

test("an alert is acknowledged with its author and a note, and no longer", async () => {
  const id = ids[2] ?? "";
  const { stdout } = await earlybird("acknowledge", id, "--note", "on it");
  expect(stdout).toBe("Acknowledged: sdb is full.\n");
  expect((await earlybird("summary")).stdout).toMatch(/sdb is full\. acknowledged by \S+ \(cli .+\)/);
  expect((await earlybird("explain", id)).stdout).toMatch(/\nacknowledged \S+Z by .+: on it\n/);
  expect((await ask("unacknowledge", id)).answer).toMatchObject({ id, acknowledged: null });
  expect((await ask("unacknowledge", id)).answer.code).toBe("EB_NOT_ACKNOWLEDGED");
  expect(await ask("acknowledge", ids[1] ?? "")).toMatchObject({
    exitStatus: 4,
    answer: { code: "EB_ALERT_RESOLVED" },
  });
  expect((await earlybird("acknowledge", "nothing")).exitStatus).toBe(2);
});

describe("a mute", () => {
  test("is written for all instances with its author, shown, and ended", async () => {
    const { answer: mute } = await ask("mute", "HIGH_CPU", "--for", "30m", "--reason", "a big import");
    expect(mute).toMatchObject({ type: "HIGH_CPU", reason: "a big import" });
    expect(mute.author).toMatch(/^\S+ \(cli .+\)$/);
    expect(Date.parse(mute.until) - Date.parse(mute.muted_at)).toBe(30 * 60_000);
    expect((await earlybird("summary")).stdout).toContain(`HIGH_CPU is muted until ${mute.until}`);
    const other = new AlertManager({
      dispatcher: {
        dispatch: async () => undefined,
        beforeSending: () => () => undefined,
        onAttempt: () => () => undefined,
        channels: () => [],
      },
      log: logLines().log,
      database: database.pool,
    });
    other.tick();
    await expect.poll(() => other.mutes()).toMatchObject([{ id: mute.id, author: mute.author }]);
    await other.stop();
    expect((await earlybird("unmute", "HIGH_CPU")).stdout).toBe("HIGH_CPU is no longer muted.\n");
    expect((await ask("summary")).answer.muted).toEqual([]);
  });

  test("of one key or route is ended by the same options, or by its id", async () => {
    const route = ["--route", "GET /api/orders"];
    const { answer: mute } = await ask("mute", "API_TIMEOUT", ...route, "--for", "30m");
    expect((await earlybird("mute", "CUSTOM", "--key", "sdb", "--for", "30m")).stdout).toMatch(
      /^CUSTOM \(key sdb\) is muted until \S+Z\.$/m,
    );
    const { stdout } = await earlybird("summary");
    expect(stdout).toContain(`API_TIMEOUT (route GET /api/orders) is muted until ${mute.until}`);
    expect((await earlybird("unmute", "API_TIMEOUT")).exitStatus).toBe(2);
    expect((await ask("unmute", mute.id)).answer).toEqual(mute);
    expect((await earlybird("unmute", "CUSTOM", "--key", "sdb")).stdout).toBe(
      "CUSTOM (key sdb) is no longer muted.\n",
    );
  });

  test.each([
    [["mute", "HIGH_CPU", "--key", "a", "--for", "1h"], 2],
    [["unmute", "nothing"], 2],
    [["mute", "DATABASE_DOWN", "--for", "1h"], 6],
    [["mute", "ALL", "--for", "1h"], 6],
    [["mute", "HIGH_CPU", "--for", "31d"], 2],
    [["mute", "HIGH_CPU", "--for", "soon"], 2],
    [["mute", "HIGH_CPU"], 2],
    [["mute", "HIGH_HOPES", "--for", "1h"], 2],
    [["unmute", "HIGH_CPU"], 2],
  ])("%j ends with %i", async (args, status) => {
    const { exitStatus, stdout, stderr } = await earlybird(...args);
    expect([exitStatus, stdout]).toEqual([status, ""]);
    expect(stderr).not.toBe("");
  });
});

test("maintenance windows are planned in a time zone, listed and removed", async () => {
  expect((await earlybird("maintenance", "list")).stdout).toBe("There are no maintenance windows.\n");
  const berlin = ["--zone", "Europe/Berlin"];
  const weekly = ["--every", "Sun 02:00-04:00", ...berlin, "--key", "sdb"];
  const { stdout } = await earlybird("maintenance", "add", "CUSTOM", ...weekly);
  expect(stdout).toMatch(
    /^CUSTOM \(key sdb\): sun 02:00-04:00 \(Europe\/Berlin\); next from \S+Z until \S+Z\. \S+\n$/,
  );
  const [year, soon] = [new Date().getFullYear() + 1, "01-02T02:00"];
  const times = ["--from", `${year}-${soon}`, "--until", `${year}-01-02T04:00+01:00`];
  const { answer } = await ask("maintenance", "add", "HIGH_CPU", ...times, ...berlin, "--reason", "import");
  const schedule = { from: `${year}-01-02T01:00:00.000Z`, until: `${year}-01-02T03:00:00.000Z` };
  expect(answer).toMatchObject({ type: "HIGH_CPU", reason: "import", schedule, is_open: false });
  const listed = (await earlybird("maintenance", "list")).stdout;
  expect(listed).toMatch(/^state +from +until +alerts +schedule +id +reason\n/);
  expect(listed).toContain(answer.id);
  const { windows } = (await ask("maintenance", "list")).answer;
  for (const { id } of windows) {
    expect((await earlybird("maintenance", "remove", id)).stdout).toMatch(/^Removed: /);
  }
  expect((await ask("maintenance", "list")).answer).toEqual({ windows: [] });
});

test.each([
  [["CUSTOM"]],
  [["CUSTOM", "--from", "2026-01-05T04:00"]],
  [["CUSTOM", "--from", "soon", "--until", "later"]],
  [["CUSTOM", "--every", "sun 02:00-04:00", "--from", "2026-01-05T04:00"]],
  [["CUSTOM", "--every", "sun 02:00-04:00", "--zone", "Mars/Olympus"]],
])("maintenance add %j ends with 2", async (args) => {
  expect(await earlybird("maintenance", "add", ...args)).toMatchObject({ exitStatus: 2, stdout: "" });
});

describe("test", () => {
  beforeEach(() => {
    process.env.SLACK_WEBHOOK_URL = slack.webhookUrl;
  });
  afterEach(() => {
    delete process.env.SLACK_WEBHOOK_URL;
  });

  test("sends through the real channels and tells what each said, and after how long", async () => {
    const { exitStatus, stdout } = await earlybird("test");
    expect(exitStatus).toBe(0);
    expect(stdout).toMatch(
      /^channel +result +took +answer\nlog +accepted .*\nslack +accepted +[\d.]+ m?s +Slack answered 200: ok/,
    );
    expect(slack.messages).toHaveLength(1);
  });

  test("ends with 1 when a channel does not accept it, and shows no address", async () => {
    slack.answerWith(
      { status: 404, headers: {}, body: "no_service" },
      { status: 200, headers: {}, body: "ok" },
    );
    const { exitStatus, stdout, stderr } = await earlybird("test", "slack");
    expect(exitStatus).toBe(1);
    expect(stdout).toMatch(/slack +refused +\S+ \S+ +Slack answered 404: no_service/);
    expect(stdout + stderr).not.toContain("secret");
    expect(await ask("test", "fax")).toMatchObject({ answer: { code: "EB_NO_SUCH_CHANNEL" } });
  });
});

test("of many that fire, the summary shows the first ones, and says where the others are", async () => {
  await serve(async (alerts) => {
    for (let n = 1; n <= 30; n++)
      alerts.raise({ type: "CUSTOM", key: `disk ${n}`, message: `Disk ${n} is full.` });
    await alerts.settled();
  });
  const { stdout, stderr } = await earlybird("summary");
  expect(stdout).toMatch(/^32 firing\n/);
  expect(stdout.match(/ is full\.$/gm)).toHaveLength(19);
  expect(stderr).toContain("earlybird alerts history --state firing");
});
