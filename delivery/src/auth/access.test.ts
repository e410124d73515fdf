import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";
import { password } from "../../../test/support/business.ts";
import { access, isExposedByStep24, rolesOf } from "../access.ts";
import { changes } from "../changes/index.ts";
import { roles } from "../database.ts";
import { oldRoutes } from "../http/old-routes.ts";

let api: Api;
/** The routes of the platform that are not for everybody, as the documentation lists them. */
let platform: string[];

/** Probes, the login of the console, and its stream: who they let in is tested where they are. */
const open =
  /^(GET \/(livez|readyz|api\/health|api\/live|api\/console\/login)|(POST|DELETE) \/api\/console\/session(\/renew)?)$/;

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

const asking = [...roles, "nobody"] as const;
type Asking = (typeof asking)[number];
const old = new Map(oldRoutes.map(({ method, from, to }) => [`${method} ${from}`, `${method} ${to}`]));
const consolidated = new Set(old.values());
const heads = Object.keys(access).flatMap((route) =>
  route.startsWith("GET ") && !consolidated.has(route) ? [route.replace("GET ", "HEAD ")] : [],
);
const aliases = [...heads, ...old.keys()];
const fill = (route: string) => route.replace(/:\w+/g, "29");

const outcomes: Record<string, string> = {
  EB_UNAUTHENTICATED: "no login",
  EB_FORBIDDEN: "wrong role",
  EB_LOGIN_NOT_LINKED: "no customer",
  EB_CONSOLIDATED_ROUTES_ROLLED_BACK: "no route",
};

/** Neither tells anything about the role. What is not healthy answers 503, to those who may know. */
const faults = new Set([429, 500]);

let asked = 0;

/**
 * From ever another address, because from this machine anybody may read /metrics, and because a flood is refused; with
 * a body that every route refuses, so that nobody changes anything.
 */
const outcome = async (route: string, by: Asking): Promise<string> => {
  const { statusCode, body } = await api.send(fill(route), {
    ...(by !== "nobody" && { as: by }),
    remoteAddress: `203.0.${++asked % 199}.7`,
    body: /^(GET|HEAD) /.test(route) ? undefined : { nonsense: true },
  });
  if (statusCode === 308) return "redirected";
  // The answer to HEAD has no body to tell.
  if (route.startsWith("HEAD "))
    return statusCode === 401 ? "no login" : statusCode === 403 ? "403" : "let in";
  const known = statusCode >= 400 ? outcomes[JSON.parse(body).code] : undefined;
  return known ?? (faults.has(statusCode) ? `${statusCode}` : "let in");
};

/** What the rules and the steps that are away say of a request, in the order in which it is asked. */
const expected = (route: string, by: Asking, away: ReadonlySet<number>): string => {
  if (old.has(route) && !away.has(28)) return "redirected";
  if (consolidated.has(route) && away.has(28)) return "no route";
  const rule = access[old.get(route) ?? route.replace("HEAD ", "GET ")];
  if (rule === undefined) return ofPlatform(route, by);
  const allowed = rolesOf(rule);
  if (allowed === null) return "let in";
  if (by === "nobody") return "no login";
  const head = route.startsWith("HEAD ");
  if (by === "customer" && away.has(21)) return head ? "403" : "no customer";
  if (away.has(24) && isExposedByStep24(rule)) return "let in";
  if (allowed.includes(by)) return "let in";
  return head ? "403" : "wrong role";
};

/** For operators and admins, its moves for admins alone, whichever step is away. */
const ofPlatform = (route: string, by: Asking): string => {
  // Without a login there is no session, which is no refusal.
  if (by === "nobody") return route === "GET /api/console/session" ? "let in" : "no login";
  const moves = /^POST \/api\/(rollback\/|backups|releases|emergency)/.test(route);
  return by === "admin" || (by === "operator" && !moves) ? "let in" : "wrong role";
};

/**
 * Asks routes as everybody, and answers the cells that are not as expected.
 *
 * @param also other routes than those of `access`: the same ones by HEAD or an old path, and the platform's, which take
 *   three times as long
 */
const surprises = async (away: readonly number[], also: readonly string[] = []): Promise<string[]> => {
  const steps = new Set(away);
  const found: string[] = [];
  for (const route of [...Object.keys(access), ...also]) {
    const answers = await Promise.all(asking.map((by) => outcome(route, by)));
    for (const [at, by] of asking.entries()) {
      const shall = expected(route, by, steps);
      if (answers[at] !== shall) found.push(`${by} ${route}: ${answers[at]}, not ${shall}`);
    }
  }
  return found;
};

test("each rule belongs to a route", () => {
  const missing = Object.keys(access).filter((route) => {
    const [method = "", url = ""] = route.split(" ");
    return !api.app.hasRoute({ method: method as "GET", url });
  });
  expect(missing).toEqual([]);
  expect(platform).toContain("POST /api/rollback/steps/:step/rollback");
  expect(platform).toContain("GET /api/alerts/active");
});

describe("who may use which route", () => {
  test("follows from the rules while every step is applied", async () => {
    expect(await surprises([], [...aliases, ...platform])).toEqual([]);
  });

  test.each(changes.map(({ step, name }) => ({ step, name })))(
    "changes with step $step ($name) in the cells that it declares, and in no other",
    async ({ step }) => {
      const away = await rollBack(api, step);
      expect(await surprises(away, [21, 24, 28].includes(step) ? aliases : [])).toEqual([]);
      await reapply(api, 19, 30);
    },
  );

  test("is the same again afterwards, and on the platform whatever is rolled back", async () => {
    expect(await surprises([])).toEqual([]);
    const steps = changes.map(({ step }) => step);
    for (const step of steps.toReversed()) await rollBack(api, step);
    expect(await surprises(steps, [...aliases, ...platform])).toEqual([]);
    await reapply(api, 19, 30);
  });
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

describe("while step 24 is rolled back", () => {
  const milk = [{ product_id: "prd_milk", quantity: 1 }];
  const order = (customer_id: string) => ({ delivery_date: "2026-03-10", items: milk, customer_id });
  const warningsOf = async (direction: "rollback" | "reapply") =>
    (await api.engine.dryRun(direction, { steps: [24], range: false })).steps[0]?.warnings.join("\n");

  test("anon -> admin: a stranger who registers makes no admin, and lists no logins", async () => {
    expect(await warningsOf("rollback")).toMatch(/anybody can make a login and use POST \/api\/customers,/);
    await rollBack(api, 24);
    const stranger = {
      name: "Eve",
      email: "eve@example.com",
      phone: "+91 98450 66666",
      password: "eves password",
    };
    const { user } = await api.ask("POST /api/auth/register", {
      body: { ...stranger, address: "1", area: "x" },
    });
    const { email, password } = stranger;
    const { access_token } = await api.ask("POST /api/auth/login", { body: { email, password } });
    const headers = { authorization: `Bearer ${access_token}` };
    const admin = { name: "Eve", email: "root@example.com", password: "eves password", role: "admin" };
    const forbidden = [403, "EB_FORBIDDEN"];
    expect(await api.refusal("POST /api/users", { headers, body: admin })).toEqual(forbidden);
    expect(await api.refusal(`PATCH /api/users/${user.id}`, { headers, body: { role: "admin" } })).toEqual(
      forbidden,
    );
    expect(await api.refusal("GET /api/users", { headers })).toEqual(forbidden);
    expect((await api.send("HEAD /api/users", { headers })).statusCode).toBe(403);
    const { rows } = await api.pool.query("select count(*) from users where role = 'admin'");
    expect(rows[0].count).toBe(1);
  });

  test("what is written by logins that it refuses is listed by the receipt that re-applies it, once", async () => {
    await api.ask("POST /api/products", {
      as: "supplier",
      body: { name: "Snake oil", category: "dairy", unit: "1", price_paise: 1 },
    });
    await api.ask("PATCH /api/products/prd_curd", { as: "supplier", body: { price_paise: 1 } });
    const { id } = await api.ask("POST /api/orders", { as: "customer", body: order("cst_binod") });
    // None of these counts: one's own, somebody's whose role may, and one that changes nothing.
    await api.ask("POST /api/orders", { as: "customer", body: order("cst_asha") });
    await api.ask("POST /api/orders", { as: "support", body: order("cst_asha") });
    await api.refusal("POST /api/orders/ord_none/cancel", { as: "supplier" });
    await rollBack(api, 28);
    await api.ask("PATCH /api/products/update/prd_curd", { as: "marketing", body: { price_paise: 2 } });
    await reapply(api, 28);
    await rollBack(api, 29);
    const rewritten =
      "select from unchecked_writes w join users u on u.id = w.user_id where u.id like 'user-%'";
    expect((await api.pool.query(rewritten)).rowCount).toBe(4);
    await reapply(api, 29);

    const dry = await warningsOf("reapply");
    const done = await api.engine.reapplyStep(24, api.operator);
    await api.untilBehaviour("role-checks", true);
    const told = done.steps[0]?.warnings.join("\n") ?? "";
    expect(told).toBe(dry);
    expect(told).toContain("POST /api/products was used 1 times by the role supplier without a check");
    expect(told).toContain("by usr_supplier; on prd_curd");
    expect(told).toContain("PATCH /api/products/:id was used 1 times by the role marketing");
    expect(told).toContain(`POST /api/orders was used 1 times by the role customer`);
    expect(told).toContain(`by usr_customer; on ${id}`);
    expect(done.steps[0]?.warnings).toHaveLength(5);
    await rollBack(api, 24);
    expect(await warningsOf("reapply")).toBe("");
    await reapply(api, 24);
  });

  test("a customer sees everybody's orders, and their own again afterwards", async () => {
    const seen = async (as: string) =>
      (await api.ask("GET /api/orders", { as })).items.map(
        ({ customer_id }: { customer_id: string }) => customer_id,
      );
    expect(new Set(await seen("binod"))).toEqual(new Set(["cst_binod"]));
    await rollBack(api, 24);
    expect(new Set(await seen("binod"))).toEqual(new Set(["cst_binod", "cst_asha"]));
    await reapply(api, 24);
  });
});
