import { hostname, userInfo } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createShelf, type Shelf } from "../../../test/support/shelf.ts";
import { createShelfCli } from "../../../test/support/shelf-cli.ts";

let shelf: Shelf;
let earlybird: (...args: string[]) => ReturnType<Awaited<ReturnType<typeof createShelfCli>>>;
beforeAll(async () => {
  shelf = await createShelf();
  const cli = await createShelfCli();
  earlybird = (...args) => cli(shelf.url, ...args);
});
afterAll(() => shelf?.drop());

const newest = async () => (await shelf.manager.readLedger({ limit: 1 }))[0];
const why = ["--reason", "practice"];

/** Runs a command with `--json`; its one document and its exit status. */
const ask = async (...args: string[]) => {
  const { exitStatus, stdout } = await earlybird(...args, "--json");
  return { exitStatus, answer: JSON.parse(stdout) };
};

test("status tells how many rows each step concerns and how long it takes", async () => {
  const { stdout } = await earlybird("status");
  expect(stdout).toMatch(/^step +name +state +risk +can roll back +rows +takes/);
  expect(stdout).toMatch(/1 +loan-book +applied +low +no +\d+ +[\d.]+ ms +blocked by: 2/);
});

test("what cannot be read as steps is refused and in the ledger", async () => {
  expect((await earlybird("rollback", "9")).exitStatus).toBe(2);
  expect(await newest()).toMatchObject({ action: "rollback.refused", result: { code: "EB_STEP_UNKNOWN" } });
});

describe("resume and abort", () => {
  test.each(["resume", "abort"])("%s refuses where nothing was interrupted", async (goal) => {
    expect(await ask(goal)).toMatchObject({ exitStatus: 4, answer: { code: "EB_NOTHING_TO_RESUME" } });
    expect(await ask(goal, "77")).toMatchObject({ exitStatus: 2, answer: { code: "EB_OPERATION_UNKNOWN" } });
  });

  test("resume continues a failed operation, abort reverts it", async () => {
    const reader = await shelf.pool.connect();
    const stopAfterStep3 = async () => {
      await reader.query("begin; select count(*) from loans");
      const asked = { requestedBy: "grace", origin: "test", reason: "practice", acknowledge: ["no rules"] };
      await expect(shelf.manager.rollbackSteps(3, 1, asked)).rejects.toMatchObject({
        code: "EB_LOCK_NOT_OBTAINED",
      });
      await reader.query("rollback");
    };
    await stopAfterStep3();
    expect(await ask("abort", ...why)).toMatchObject({
      exitStatus: 0,
      answer: { operation: { state: "aborted" }, steps: [{ step: 3 }] },
    });
    await stopAfterStep3();
    const { exitStatus, stdout, stderr } = await earlybird("resume");
    expect(exitStatus).toBe(0);
    expect(stdout).toMatch(/Step 2 .*\n(.*\n)*.*Step 1 .*\n(.*\n)*.*Operation \d+ completed in/);
    expect(stderr).toMatch(/step 1 moved in .* \(2 of 2\)\nledger entry \d+, head [0-9a-f]{64}/);
    reader.release();
  });
});

describe("with the steps rolled back", () => {
  test("parked lists what is parked, and purge destroys it only with a reason and the phrase", async () => {
    const { stdout } = await earlybird("parked");
    expect(stdout).toMatch(/1 +loan-book +loans\.book_id +12 +48 B +\d{4}-/);
    expect((await ask("parked")).answer.parked).toEqual(await shelf.manager.parked());
    const refused = await earlybird("parked", "purge", "2", ...why, "--acknowledge", "lose");
    expect(refused).toMatchObject({ exitStatus: 6, stdout: "" });
    expect(refused.stderr).toContain('--acknowledge "lose step 2"');
    expect(await ask("parked", "purge", "2", ...why, "--acknowledge", "lose step 2")).toMatchObject({
      exitStatus: 0,
      answer: { step: 2, purged: [{ table: "loans", rows: 4 }, {}] },
    });
    expect(await newest()).toMatchObject({ action: "purge", steps: [2], reason: "practice" });
    expect((await earlybird("parked", "purge", "9")).exitStatus).toBe(2);
  });

  test("reapply lets the edited value win, or the parked one, or refuses", async () => {
    await shelf.pool.query(
      "insert into books values (4, 'Kim', false); update loans set book_id = 4 where id = 1",
    );
    expect((await earlybird("reapply", "1", "--on-conflict", "ask")).exitStatus).toBe(2);
    expect(await ask("reapply", "1", "--on-conflict", "fail")).toMatchObject({
      exitStatus: 4,
      answer: { code: "EB_CONFLICTS" },
    });
    const rehearsed = await earlybird("reapply", "1", "--measure");
    expect(rehearsed.stdout).toMatch(/1 rows of loans kept(.*\n)*.*Nothing was changed/);
    const { exitStatus, answer } = await ask("reapply", "1..3", "--on-conflict", "restore");
    expect(exitStatus).toBe(0);
    expect(answer.steps[0].rows).toContainEqual({ table: "loans", action: "restored", rows: 1 });
    expect((await shelf.pool.query("select book_id from loans where id = 1")).rows).toEqual([{ book_id: 2 }]);
  });
});

describe("prove", () => {
  test("says that all steps are proven, here or on a copy; the certificate names the copy without its password", async () => {
    const here = await earlybird("prove", "all");
    expect(here).toMatchObject({ exitStatus: 0, stdout: expect.stringMatching(/^Proven: 3, 2, 1 and back/) });
    const copy = await createShelf();
    const there = await ask("prove", "2..3", "--on", copy.url);
    expect(there).toMatchObject({ exitStatus: 0, answer: { steps: [3, 2], proven: true } });
    const { password, pathname } = new URL(copy.url);
    const entry = await newest();
    expect(entry).toMatchObject({
      action: "prove",
      result: { proven: true, on: expect.stringContaining(pathname) },
    });
    if (password) expect(JSON.stringify(entry)).not.toContain(password);
    expect((await copy.manager.readLedger({ limit: 1 }))[0]).toMatchObject({ action: "prove" });
    await copy.drop();
    expect((await earlybird("prove", "all", "--on", "mysql://here/copy")).exitStatus).toBe(2);
  });

  test("ends with 1 and names the table where a change loses a row", async () => {
    const lossy = await createShelfCli("[...shelfChanges, lossyChange]");
    expect((await lossy(shelf.url, "schema")).exitStatus).toBe(0);
    const { exitStatus, stdout } = await lossy(shelf.url, "prove", "4");
    expect(exitStatus).toBe(1);
    expect(stdout).toMatch(/^Not proven: 4 and back(.*\n)different afterwards: loans\n/);
  });
});

test("audit lists the ledger, newest first, and verifies it", async () => {
  const { answer } = await ask("audit", "--limit", "2");
  expect(answer.entries).toHaveLength(2);
  expect(answer.entries[0]).toEqual(await newest());
  expect((await earlybird("audit")).stdout).toMatch(/^entry +at +action +steps +by +from +reason\n\d+ /);
  expect(await ask("audit", "verify")).toMatchObject({ exitStatus: 0, answer: { ok: true } });
});

describe("admin invite", () => {
  test("answers what the service makes, and names who asks and why", async () => {
    const cli = await createShelfCli(
      `shelfChanges, inviteAdmin: async ({ requestedBy, origin, reason }) =>
        ({ token: [requestedBy, origin, reason].join("|"), expiresAt: new Date(0), path: "/invited" })`,
    );
    const { stdout } = await cli(shelf.url, "admin", "invite", "--reason", "locked out", "--json");
    expect(JSON.parse(stdout)).toEqual({
      token: `${userInfo().username}|cli ${hostname()}|locked out`,
      expires_at: "1970-01-01T00:00:00.000Z",
      path: "/invited",
    });
    const said = await cli(shelf.url, "admin", "invite");
    expect(JSON.parse(said.stdout).token).toMatch(/\|cli /);
  });

  test("is refused where the service has none", async () => {
    expect(await ask("admin", "invite")).toMatchObject({
      exitStatus: 4,
      answer: { code: "EB_ADMIN_INVITE_UNSUPPORTED" },
    });
  });
});

test("a mute that could hide an attack is in the ledger", async () => {
  const head = await newest();
  expect((await earlybird("alerts", "mute", "HIGH_CPU", "--for", "1h")).exitStatus).toBe(0);
  expect(await newest()).toEqual(head);
  const { answer } = await ask("alerts", "mute", "SECURITY_ALERT", "--for", "1m", ...why);
  expect(await newest()).toMatchObject({
    action: "mute",
    origin: expect.stringMatching(/^cli /),
    reason: "practice",
    at: answer.muted_at,
    result: { type: "SECURITY_ALERT", until: answer.until },
  });
});
