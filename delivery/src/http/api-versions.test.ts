import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, startApi } from "../../../test/support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const products = async (version: string | undefined, query = "") => {
  const headers = version === undefined ? {} : { "earlybird-version": version };
  const response = await api.send(`GET /api/products${query}`, { as: "customer", headers });
  const ids = response.json().items?.map(({ id }: { id: string }) => id) ?? [];
  return { headers: response.headers, status: response.statusCode, hasGhee: ids.includes("prd_ghee") };
};

test("version 2026-11-01 lists a product that is no longer sold only on demand; without a header, nothing changes", async () => {
  expect(await products("2026-11-01")).toMatchObject({
    hasGhee: false,
    headers: { "earlybird-version": "2026-11-01", vary: "EarlyBird-Version" },
  });
  expect(await products("2026-11-01", "?active=false")).toMatchObject({ hasGhee: true });
  const older = {
    hasGhee: true,
    headers: {
      "earlybird-version": "2026-08-01",
      deprecation: "@1793491200",
      sunset: "Sun, 01 Aug 2027 00:00:00 GMT",
    },
  };
  expect(await products(undefined)).toMatchObject(older);
  expect(await products("2026-08-01")).toMatchObject(older);
  expect(await products("2026-05-01")).toMatchObject({ status: 406 });
});

test("the older paths of step 28 have versions, too; the platform's own routes have none", async () => {
  const { paths } = (await api.send("GET /api/openapi.json")).json();
  const named = (path: string) =>
    paths[path].get.parameters?.some(({ name }: { name: string }) => name === "EarlyBird-Version") ?? false;
  expect([named("/api/products"), named("/api/billing/{id}"), named("/api/health")]).toEqual([
    true,
    true,
    false,
  ]);
  const moved = await api.send("GET /api/products/all");
  expect(moved.headers).toMatchObject({ "earlybird-version": "2026-08-01", vary: "EarlyBird-Version" });
});
