import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, startApi } from "../../test/support/api.ts";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

const newest = async () => (await api.engine.readLedger({ limit: 1 }))[0];

test("an admin rolls a step back and re-applies it; the ledger names the login and its address", async () => {
  const { plan } = await api.ask("POST /api/rollback/steps/25/dry-run", { as: "admin" });
  const done = await api.ask("POST /api/rollback/steps/25/rollback", {
    as: "admin",
    body: { reason: "practice", plan: plan.hash },
    remoteAddress: "203.0.113.9",
  });
  expect(done.operation).toMatchObject({
    state: "completed",
    requested_by: "admin (usr_admin)",
    plan: plan.hash,
  });
  expect(await newest()).toMatchObject({ operator: "admin (usr_admin)", origin: "http 203.0.113.9" });
  await api.untilBehaviour("delivery-audit", false);
  await api.ask("POST /api/rollback/steps/25/reapply", { as: "admin" });
  await api.untilBehaviour("delivery-audit", true);
  expect(await api.ask("GET /api/rollback/audit", { as: "operator" })).toMatchObject({ verified: true });
});

test("a customer who tries is named in the ledger, a stranger is not", async () => {
  const attempt = { body: { reason: "x", acknowledge: "security exposed" }, remoteAddress: "203.0.113.10" };
  const route = "POST /api/rollback/steps/24/rollback";
  expect(await api.refusal(route, { as: "customer", ...attempt })).toEqual([403, "EB_FORBIDDEN"]);
  const entry = await newest();
  expect(entry).toMatchObject({
    action: "rollback.refused",
    steps: [24],
    operator: '"customer" (usr_customer)',
    origin: "http 203.0.113.10",
    result: { code: "EB_FORBIDDEN" },
  });
  expect(await api.refusal(route, attempt)).toEqual([401, "EB_UNAUTHENTICATED"]);
  expect(await newest()).toEqual(entry);
});

test("the documentation describes the routes about rollback", async () => {
  const { paths } = await api.ask("GET /api/openapi.json");
  const run = paths["/api/rollback/steps/{step}/rollback"].post;
  expect(run).toMatchObject({ tags: ["rollback"], summary: expect.any(String) });
  const { properties } = run.requestBody.content["application/json"].schema;
  expect(Object.keys(properties)).toEqual(
    expect.arrayContaining(["reason", "acknowledge", "plan", "cascade", "on_conflict", "execute", "measure"]),
  );
  expect(paths["/api/rollback/operations/{id}/events"].get.tags).toEqual(["rollback"]);
});
