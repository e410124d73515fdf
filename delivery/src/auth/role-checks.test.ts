import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";
import { password } from "../../../test/support/business.ts";
import { access } from "../access.ts";
import { type Role, roles } from "../database.ts";

let api: Api;
/** The routes of the platform that are not for everybody, as the documentation lists them. */
let platform: string[];

const open = /^GET \/(livez|readyz|api\/health)$/;

beforeAll(async () => {
  api = await startApi();
  const { paths } = await api.ask("GET /api/openapi.json");
  platform = Object.entries<object>(paths)
    .flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ":$1")}`),
    )
    .filter((route) => !(route in access) && !open.test(route));
});

afterAll(() => api.stop());

/**
 * From elsewhere, because from this machine anybody may read /metrics; with a body that every route refuses, so that
 * whoever is let in changes nothing.
 */
const harmless = (route: string) => ({
  remoteAddress: "203.0.113.7",
  body: route.startsWith("GET") ? undefined : { nonsense: true },
});
const fill = (route: string) => route.replace(/:\w+/g, "29");

const outcome = async (route: string, role: Role): Promise<"refused" | "let in"> => {
  const { statusCode, body } = await api.send(fill(route), { as: role, ...harmless(route) });
  expect(statusCode, `${role} ${route}`).not.toBe(500);
  return statusCode === 403 && JSON.parse(body).code === "EB_FORBIDDEN" ? "refused" : "let in";
};

const guarded = Object.entries(access).flatMap(([route, rule]) =>
  rule === "public" ? [] : [{ route, rule }],
);

test("each rule belongs to a route", () => {
  const missing = Object.keys(access).filter((route) => {
    const [method = "", url = ""] = route.split(" ");
    return !api.app.hasRoute({ method: method as "GET", url });
  });
  expect(missing).toEqual([]);
});

describe.each(["applied", "rolled back"])("while step 24 is %s", (state) => {
  beforeAll(() => (state === "applied" ? reapply(api, 24) : rollBack(api, 24)));

  test.each(guarded)(
    `$route is for ${state === "applied" ? "$rule" : "every login"}`,
    async ({ route, rule }) => {
      for (const role of roles) {
        const expected = state === "applied" && !rule.includes(role) ? "refused" : "let in";
        expect([role, await outcome(route, role)]).toEqual([role, expected]);
      }
      expect(await api.refusal(fill(route), harmless(route))).toEqual([401, "EB_UNAUTHENTICATED"]);
    },
  );

  test("the platform's routes are for operators and admins, its moves for admins alone", async () => {
    expect(platform).toContain("POST /api/rollback/steps/:step/rollback");
    expect(platform).toContain("GET /api/alerts/active");
    for (const route of platform) {
      const moves = route.startsWith("POST /api/rollback/");
      for (const role of roles) {
        const may = role === "admin" || (role === "operator" && !moves);
        expect([route, role, await outcome(route, role)]).toEqual([route, role, may ? "let in" : "refused"]);
      }
      expect([route, await api.refusal(fill(route), harmless(route))]).toEqual([
        route,
        [401, "EB_UNAUTHENTICATED"],
      ]);
    }
  });

  test("nobody is shown a password's hash, nor can send one", async () => {
    const reads = [...Object.keys(access), ...platform].filter((route) => route.startsWith("GET"));
    for (const route of reads) {
      const { body } = await api.send(fill(route).replace("/29", "/usr_admin"), { as: "admin" });
      expect(body, route).not.toMatch(/argon2|password_hash/);
    }
    const login = await api.send("POST /api/auth/login", {
      body: { email: "supplier@example.com", password },
    });
    expect(login.body).not.toMatch(/argon2|password_hash/);
    expect(
      await api.refusal("PATCH /api/users/usr_support", { as: "admin", body: { password_hash: "x" } }),
    ).toEqual([400, "EB_INVALID_REQUEST"]);
  });
});

test("with step 24 rolled back a customer sees everybody's orders, and with it applied their own", async () => {
  const items = [{ product_id: "prd_milk", quantity: 1 }];
  await api.ask("POST /api/orders", { as: "binod", body: { delivery_date: "2026-03-10", items } });
  const seen = async () => (await api.ask("GET /api/orders", { as: "customer" })).items.length;
  await rollBack(api, 24);
  expect(await seen()).toBe(1);
  await reapply(api, 24);
  expect(await seen()).toBe(0);
});
