import { afterAll, beforeAll, expect, test } from "vitest";
import { startApi } from "../../../test/support/api.ts";

let api: Awaited<ReturnType<typeof startApi>>;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

test("an operator sees the diagnostics while all connections of the service are in use", async () => {
  const held = await Promise.all(Array.from({ length: api.pool.options.max }, () => api.pool.connect()));
  const stuck = api.pool.query("select 1");
  const diagnostics = await api.send("GET /api/health/metrics", { as: "operator" });
  for (const client of held) client.release();
  await stuck;
  expect(diagnostics.statusCode).toBe(200);
});
