import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createInstallation, type Installation } from "./installation.ts";
import { logIn, startTraffic } from "./traffic.ts";

let installation: Installation;

beforeAll(async () => {
  installation = await createInstallation();
  const seeded = await installation.run(["seed", "--customers", "300", "--days", "45", "--json"]);
  expect(seeded).toMatchObject({ exitStatus: 0, stdout: expect.stringMatching(/^\{/) });
  await installation.start();
}, 120_000);

afterAll(() => installation?.remove());

/** Runs a command with `--json`. Fails unless stdout is exactly one JSON document. */
const ask = async (...args: string[]) => {
  const { exitStatus, stdout, stderr } = await installation.run([...args, "--json"]);
  return { exitStatus, answer: JSON.parse(stdout), stderr };
};

const states = async () => {
  const { answer } = await ask("status");
  return new Map(answer.steps.map((step: { step: number; state: string }) => [step.step, step.state]));
};

test("the server is healthy, and the demo admin can log in", async () => {
  const health = await fetch(`${installation.url}/api/health`);
  expect([health.status, await health.json()]).toMatchObject([200, { status: "healthy" }]);
  const answer = await fetch(`${installation.url}/api/auth/me`, {
    headers: await logIn(installation.url, "admin"),
  });
  expect(await answer.json()).toMatchObject({ email: "admin@earlybird.local", role: "admin" });
  expect((await installation.run(["health"])).exitStatus).toBe(0);
});

test("status reports every documented field of each step", async () => {
  const { exitStatus, answer } = await ask("status");
  expect(exitStatus).toBe(0);
  expect(answer.steps.map(({ step }: { step: number }) => step)).toEqual([
    19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30,
  ]);
  for (const step of answer.steps) {
    expect(step).toMatchObject({
      step: expect.any(Number),
      name: expect.stringMatching(/^[a-z-]+$/),
      title: expect.any(String),
      state: "applied",
      risk: expect.stringMatching(/^(none|low|high|critical)$/),
      acknowledge: step.risk === "critical" ? expect.any(String) : null,
      requires: expect.any(Array),
      dependents: expect.any(Array),
      can_rollback: expect.any(Boolean),
      blocked_by: expect.any(Array),
      estimate: { rows: expect.any(Number), duration_ms: expect.any(Number) },
    });
  }
});

test("requests succeed while steps 27 to 19 are dry-run, rolled back and re-applied", async () => {
  const traffic = await startTraffic(installation.url);
  await sleep(500);

  const dryRun = await ask("rollback", "27..19", "--dry-run");
  expect(dryRun.exitStatus).toBe(0);
  expect(dryRun.answer).toMatchObject({ executed: true, plan: { hash: expect.any(String) } });
  const dryRunOf22 = dryRun.answer.steps.find(({ step }: { step: number }) => step === 22);
  expect(dryRunOf22).toMatchObject({
    step: 22,
    title: expect.any(String),
    risk: "high",
    rows: expect.arrayContaining([{ table: "orders", action: "returned", rows: expect.any(Number) }]),
    locks: expect.any(Array),
    duration_ms: expect.any(Number),
    impact: expect.arrayContaining([expect.objectContaining({ label: expect.any(String) })]),
    warnings: [],
    blocked_by: [],
    checks: expect.arrayContaining([{ name: expect.any(String), ok: true, detail: expect.any(String) }]),
  });
  expect(new Set((await states()).values())).toEqual(new Set(["applied"]));

  const phrases = ["login broken", "revenue loss", "security exposed", "phantom deliveries"];
  const confirmation = ["--reason", "to see it", ...phrases.flatMap((phrase) => ["--acknowledge", phrase])];
  const back = await ask("rollback", "27..19", ...confirmation);
  expect(back.exitStatus).toBe(0);
  expect(back.answer.operation).toMatchObject({
    kind: "rollback",
    steps: [27, 26, 25, 24, 23, 22, 21, 20, 19],
    state: "completed",
    reason: "to see it",
  });
  expect([...(await states())].filter(([, state]) => state === "rolled_back").map(([step]) => step)).toEqual([
    19, 20, 21, 22, 23, 24, 25, 26, 27,
  ]);
  await sleep(500);

  const again = await ask("rollback", "27..19", ...confirmation);
  expect([again.exitStatus, again.answer.operation]).toEqual([0, null]);

  const forth = await ask("reapply", "19..27");
  expect(forth.exitStatus).toBe(0);
  expect(forth.answer.operation).toMatchObject({
    kind: "reapply",
    steps: [19, 20, 21, 22, 23, 24, 25, 26, 27],
  });
  await sleep(500);
  await traffic.stop();
  expect([...traffic.answers.keys()].sort()).toEqual([
    "GET /api/health 200",
    "GET /api/orders 200",
    "GET /api/subscriptions 200",
    "POST /api/orders 201",
  ]);
  expect(Math.min(...traffic.answers.values())).toBeGreaterThan(10);

  const history = await ask("history");
  const kinds = history.answer.operations.map(({ kind }: { kind: string }) => kind);
  expect(kinds).toEqual(["reapply", "rollback", "apply"]);
  const shown = await ask("show", back.answer.operation.id);
  expect(shown.answer).toMatchObject({ reason: "to see it", state: "completed" });
  expect(await ask("audit", "verify")).toMatchObject({ exitStatus: 0, answer: { ok: true } });
}, 120_000);

describe("a refused command changes nothing and exits with the status of its error", () => {
  test.each([
    ["an unknown step", ["rollback", "2"], 2, "EB_STEP_UNKNOWN"],
    ["a malformed range", ["rollback", "19.22"], 2, "EB_RANGE_MALFORMED"],
    ["a missing reason", ["rollback", "25"], 6, "EB_REASON_MISSING"],
    ["a missing phrase", ["rollback", "21", "--reason", "why"], 6, "EB_ACKNOWLEDGEMENT_MISSING"],
    [
      "a wrong phrase",
      ["rollback", "21", "--reason", "why", "--acknowledge", "yes"],
      6,
      "EB_ACKNOWLEDGEMENT_WRONG",
    ],
    ["a stale plan", ["rollback", "25", "--reason", "why", "--plan", "0123456789abcdef"], 3, "EB_PLAN_STALE"],
    ["a step that another needs", ["rollback", "19"], 4, "EB_STEP_HAS_DEPENDENTS"],
    ["an operation that has ended", ["resume"], 4, "EB_NOTHING_TO_RESUME"],
    ["an unknown operation", ["show", "999999"], 2, "EB_OPERATION_UNKNOWN"],
  ])("%s", async (_, args, exitStatus, code) => {
    const refused = await ask(...args);
    expect([refused.exitStatus, refused.answer.code]).toEqual([exitStatus, code]);
    expect(refused.answer).toMatchObject({ detail: expect.any(String), remedy: expect.any(String) });
    expect(refused.stderr).toContain(refused.answer.remedy);
  });

  test("a command or option that does not exist", async () => {
    expect((await installation.run(["rolback", "22"])).exitStatus).toBe(2);
    expect((await installation.run(["status", "--jsn"])).exitStatus).toBe(2);
    expect((await installation.run(["rollback"])).exitStatus).toBe(2);
  });

  test("no refused command left a trace", async () => {
    expect(new Set((await states()).values())).toEqual(new Set(["applied"]));
    expect((await ask("history")).answer.operations[0]).toMatchObject({ kind: "reapply" });
    expect((await ask("audit", "verify")).answer).toMatchObject({ ok: true });
  });
});
