import { hostname, userInfo } from "node:os";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createShelf, type Shelf } from "../../../test/support/shelf.ts";
import { createShelfCli } from "../../../test/support/shelf-cli.ts";
import { type SlackPeer, startSlackPeer } from "../../../test/support/slack-peer.ts";
import { timeAhead } from "./arguments.ts";

let shelf: Shelf;
let slack: SlackPeer;
let earlybird: (...args: string[]) => ReturnType<Awaited<ReturnType<typeof createShelfCli>>>;
beforeAll(async () => {
  [shelf, slack] = await Promise.all([createShelf(), startSlackPeer()]);
  const cli = await createShelfCli();
  earlybird = (...args) => cli(shelf.url, ...args);
  process.env.ROLLBACK_APPROVAL = "critical";
});
afterEach(() => {
  delete process.env.SLACK_WEBHOOK_URL;
});
afterAll(async () => {
  delete process.env.ROLLBACK_APPROVAL;
  await slack?.close();
  await shelf?.drop();
});

const ask = async (...args: string[]) => {
  const { exitStatus, stdout } = await earlybird(...args, "--json");
  return { exitStatus, answer: JSON.parse(stdout) };
};
const why = ["--reason", "practice", "--acknowledge", "no rules"];

test("a critical step waits for another person, and moves with the approval's id", async () => {
  expect(await ask("rollback", "3", ...why)).toMatchObject({
    exitStatus: 6,
    answer: { code: "EB_PLAN_MISSING" },
  });
  const plan = ["--plan", (await ask("rollback", "3", "--dry-run")).answer.plan.hash];
  const asked = await earlybird("rollback", "3", ...why, ...plan);
  expect(asked.exitStatus).toBe(6);
  expect(asked.stdout).toMatch(/Ask another person to run: earlybird approve 1 --reason "\.\.\."/);
  expect(asked.stdout).toMatch(/run: earlybird rollback 3 --approval 1\n/);
  expect(await ask("approve", "1", "--reason", "me")).toMatchObject({
    exitStatus: 4,
    answer: { code: "EB_APPROVAL_OWN" },
  });
  expect((await earlybird("approve", "1")).exitStatus).toBe(6);
  await shelf.manager.approve("1", { requestedBy: "joan", origin: "cli elsewhere", reason: "seen" });
  const { username } = userInfo();
  expect((await earlybird("approvals")).stdout).toMatch(
    new RegExp(`1 +rollback +3 +approved by joan +${username} `),
  );
  expect(await ask("rollback", "3", "--approval", "1")).toMatchObject({ exitStatus: 0 });
  expect(await ask("withdraw", "1")).toMatchObject({ exitStatus: 4, answer: { code: "EB_APPROVAL_OVER" } });
  const [used] = (await shelf.manager.readLedger({ limit: 3 })).filter(
    ({ action }) => action === "approval.used",
  );
  expect(used).toMatchObject({ operator: username, origin: `cli ${hostname()}` });
});

test("an override of a command reaches people without a server; where none are reached, a server is to tell", async () => {
  const raised = async () =>
    (await shelf.pool.query("select raised_at is not null as raised from earlybird.overrides order by id"))
      .rows;
  expect(await ask("reapply", "3", "--override", "nobody awake")).toMatchObject({ exitStatus: 0 });
  expect(await raised()).toEqual([{ raised: false }]);
  process.env.SLACK_WEBHOOK_URL = slack.webhookUrl;
  const burning = ["rollback", "3", "--override", "the shop burns", "--acknowledge", "no rules"];
  expect(await ask(...burning)).toMatchObject({ exitStatus: 0 });
  expect(slack.messages.map(({ text }) => text).join()).toContain("the shop burns");
  expect((await raised()).at(-1)).toEqual({ raised: true });
  expect((await earlybird(...burning, "--approval", "1")).exitStatus).toBe(2);
});

test("a rollback says by when it is to be re-applied, and status shows it", async () => {
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
  expect(await ask("rollback", "2", "--reason", "x", "--until", inAnHour)).toMatchObject({
    exitStatus: 0,
    answer: { operation: { until: inAnHour } },
  });
  expect((await earlybird("status")).stdout).toContain(`re-apply by ${inAnHour}; Loans of lost books`);
  expect(await ask("until", "2", "none")).toMatchObject({ exitStatus: 0, answer: { step: 2, until: null } });
  expect((await earlybird("until", "2", "tomorrow")).exitStatus).toBe(2);
  expect(await ask("until", "2", "2020-01-01T00:00Z")).toMatchObject({
    exitStatus: 2,
    answer: { code: "EB_UNTIL_INVALID" },
  });
  expect(await ask("until", "1", inAnHour)).toMatchObject({
    exitStatus: 4,
    answer: { code: "EB_STEP_NOT_ROLLED_BACK" },
  });
});

test("a time of the day is the next one on this machine", () => {
  const now = new Date(2026, 2, 1, 9, 0, 30);
  expect(timeAhead("09:01", now)).toEqual(new Date(2026, 2, 1, 9, 1));
  expect(timeAhead("09:00", now)).toEqual(new Date(2026, 2, 2, 9, 0));
  expect(timeAhead("2026-03-01T09:00+05:30", now).toISOString()).toBe("2026-03-01T03:30:00.000Z");
  for (const text of ["24:00", "9", "2026-03-01", "2026-13-01T09:00"])
    expect(() => timeAhead(text, now)).toThrow();
});
