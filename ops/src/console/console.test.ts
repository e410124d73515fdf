import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StandingClock } from "../../../test/support/clock.ts";
import { systemClock } from "../core/clock.ts";
import { Failure } from "../core/failure.ts";
import type { Authorize } from "../http/authorization.ts";
import { problems } from "../http/problems.ts";
import {
  type ConsoleFigure,
  type ConsoleOptions,
  consolePages,
  createSealer,
  figuresRoute,
  sessionRoutes,
  useCredentials,
} from "./index.ts";
import { baseOf } from "./pages.ts";

const secret = "0123456789abcdef0123456789abcdef";

describe("a sealed text", () => {
  const sealer = createSealer(secret, "test");

  test("is unsealed with the same secret and purpose only", () => {
    const sealed = sealer.seal("Bearer x");
    expect(sealer.unseal(sealed)).toBe("Bearer x");
    expect(sealed).not.toContain(Buffer.from("Bearer x").toString("base64url"));
    expect(createSealer(secret, "other").unseal(sealed)).toBeUndefined();
    expect(createSealer(`${secret}!`, "test").unseal(sealed)).toBeUndefined();
  });

  test("is different each time, and refused once a byte of it has changed", () => {
    const bytes = Buffer.from(sealer.seal("x"), "base64url");
    expect(sealer.seal("x")).not.toBe(sealer.seal("x"));
    for (const index of bytes.keys()) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(sealer.unseal(changed.toString("base64url"))).toBeUndefined();
    }
    expect(["", "x", "%"].map((text) => sealer.unseal(text))).toEqual([undefined, undefined, undefined]);
  });
});

test("a secret that is too short is refused", () => {
  expect(() => createSealer("x".repeat(31), "test")).toThrow("fewer than 32 characters");
});

/** Tokens that the service accepts; the console is for the first two. */
let tokens: Record<string, { name: string; roles: readonly string[] }> = {
  "Bearer admin": { name: "Asha", roles: ["admin", "operator"] },
  "Bearer operator": { name: "Rohan", roles: ["operator"] },
  "Bearer customer": { name: "Meera", roles: [] },
};

const authorize: Authorize = async ({ headers: { authorization = "" } }, role) => {
  const user = tokens[authorization];
  if (!user) throw new Failure("EB_NO_LOGIN", 401, "No login.", "Log in.");
  if (!user.roles.includes(role)) throw new Failure("EB_NO_RIGHT", 403, "No right.", "Ask an admin.");
  return { id: `usr_${user.name}`, name: user.name };
};

let app: FastifyInstance;
const start = async (options: Partial<ConsoleOptions> = {}) => {
  const console: ConsoleOptions = { login: { kind: "token" }, secret, timeZone: "Asia/Kolkata", ...options };
  const sealer = createSealer(secret, "console session");
  app = fastify({ trustProxy: "127.0.0.1" });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(problems, { isDatabaseUnavailable: () => false });
  app.addHook("onRequest", async (request) => useCredentials(request, { sealer, login: console.login }));
  const features = { rollback: true, fleet: false, releases: false };
  await app.register(sessionRoutes, {
    console,
    sealer,
    authorize,
    clock: systemClock,
    version: "1.2.3",
    features,
  });
  app.all("/api/moved", async (request) => {
    // A service with an ambient login recognizes a cookie of its own.
    if (request.headers.cookie === "sso=admin") return "Asha";
    return (await authorize(request, "operator")).name;
  });
};
beforeEach(() => start());
afterEach(() => app.close());

/** Begins a session; the cookie as a browser sends it back. */
const logIn = async (authorization: string, payload?: object, headers = {}) => {
  const response = await app.inject({
    method: "POST",
    url: "/api/console/session",
    headers: { authorization, ...headers },
    ...(payload && { payload }),
  });
  return { response, cookie: String(response.headers["set-cookie"] ?? "").split(";", 1)[0] ?? "" };
};

const codeOf = ({ statusCode, json }: { statusCode: number; json(): { code?: string } }) => [
  statusCode,
  json().code,
];

describe("a session", () => {
  test("stands for the authorization header in an encrypted cookie that scripts and other sites cannot use", async () => {
    const { response, cookie } = await logIn("Bearer admin");
    expect(response.statusCode).toBe(200);
    expect(response.headers["set-cookie"]).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain("admin");
    const session = await app.inject({ url: "/api/console/session", headers: { cookie } });
    expect(session.json()).toMatchObject({
      user: { id: "usr_Asha", name: "Asha" },
      role: "admin",
      can: { move: true, mute: true },
      expires_at: null,
      time_zone: "Asia/Kolkata",
      version: "1.2.3",
    });
  });

  test("has a cookie for HTTPS only where the client uses HTTPS", async () => {
    const { response } = await logIn("Bearer admin", undefined, { "x-forwarded-proto": "https" });
    expect(response.headers["set-cookie"]).toMatch(/; Secure/);
  });

  test("that the service no longer accepts loses its cookie", async () => {
    const { cookie } = await logIn("Bearer admin");
    const ask = () => app.inject({ url: "/api/console/session", headers: { cookie } });
    const { "Bearer admin": admin, ...others } = tokens;
    tokens = others;
    const refused = await ask();
    tokens = { "Bearer admin": admin ?? { name: "", roles: [] }, ...others };
    expect(codeOf(refused)).toEqual([401, "EB_NO_LOGIN"]);
    expect(refused.headers["set-cookie"]).toMatch(/Max-Age=0/);
    expect((await ask()).headers).not.toHaveProperty("set-cookie");
  });

  test("of a service with a login of its own is null for visitors, which is no refusal", async () => {
    await app.close();
    await start({ login: { kind: "ambient", href: "/sign-in" } });
    const visit = await app.inject({ url: "/api/console/session" });
    expect([visit.statusCode, visit.json()]).toEqual([200, null]);
  });

  test("of an operator says that they cannot move steps", async () => {
    const { response } = await logIn("Bearer operator");
    expect(response.json()).toMatchObject({ role: "operator", can: { move: false, mute: true } });
  });

  test.each([
    ["Bearer customer", 403, "EB_CONSOLE_FORBIDDEN"],
    ["Bearer stranger", 401, "EB_NO_LOGIN"],
  ])("is not begun for %s", async (authorization, status, code) => {
    const { response } = await logIn(authorization);
    expect(codeOf(response)).toEqual([status, code]);
    expect(response.headers).not.toHaveProperty("set-cookie");
  });

  test("ends for the browser when the user logs out", async () => {
    const response = await app.inject({ method: "DELETE", url: "/api/console/session" });
    expect(response.statusCode).toBe(204);
    expect(response.headers["set-cookie"]).toMatch(/^earlybird_console=; Max-Age=0/);
  });

  test.each([
    ["no cookie", {}],
    [
      "a cookie of another secret",
      { cookie: `earlybird_console=${createSealer("x".repeat(32), "console session").seal("{}")}` },
    ],
    ["a cookie that is not sealed", { cookie: "earlybird_console=x" }],
  ])("with %s is null", async (_, headers) => {
    const response = await app.inject({ url: "/api/console/session", headers });
    expect([response.statusCode, response.json()]).toEqual([200, null]);
  });
});

describe("a write with the cookie", () => {
  const write = async (headers: Record<string, string>) => {
    const { cookie } = await logIn("Bearer admin");
    return app.inject({
      method: "POST",
      url: "/api/moved",
      headers: { cookie, host: "ops.test", ...headers },
    });
  };

  test.each([
    ["of the console", { "x-earlybird-console": "1", "sec-fetch-site": "same-origin" }],
    ["of the console without HTTPS", { "x-earlybird-console": "1", origin: "http://ops.test" }],
    ["with a header of its own", { authorization: "Bearer operator" }],
  ])("%s is accepted", async (_, headers) => {
    expect((await write(headers)).statusCode).toBe(200);
  });

  test.each([
    ["without the console's header", { "sec-fetch-site": "same-origin" }],
    ["of another site", { "x-earlybird-console": "1", "sec-fetch-site": "cross-site" }],
    ["of a sibling host", { "x-earlybird-console": "1", "sec-fetch-site": "same-site" }],
    ["of another origin", { "x-earlybird-console": "1", origin: "http://evil.test" }],
    ["that names no origin", { "x-earlybird-console": "1" }],
  ])("%s is refused", async (_, headers) => {
    expect(codeOf(await write(headers))).toEqual([403, "EB_CONSOLE_WRITE"]);
  });
});

describe("a write with an ambient login", () => {
  const write = (headers: Record<string, string>, method: "POST" | "DELETE" = "POST") =>
    app.inject({ method, url: "/api/moved", headers: { host: "ops.test", cookie: "sso=admin", ...headers } });
  beforeEach(async () => {
    await app.close();
    await start({ login: { kind: "ambient", href: "/login" } });
  });

  test("comes from the console, or from a page of the same origin that sends its header", async () => {
    const fromConsole = { "x-earlybird-console": "1", "sec-fetch-site": "same-origin" };
    expect((await write(fromConsole)).statusCode).toBe(200);
    expect((await write({ "x-earlybird-console": "1", origin: "http://ops.test" })).statusCode).toBe(200);
    expect((await write({ authorization: "Bearer operator" })).statusCode).toBe(200);
    const read = await app.inject({ url: "/api/moved", headers: { cookie: "sso=admin" } });
    expect(read.statusCode).toBe(200);
    for (const headers of [
      {},
      { "sec-fetch-site": "same-origin" },
      { "sec-fetch-site": "cross-site", "content-type": "text/plain" },
      { "x-earlybird-console": "1", "sec-fetch-site": "same-site" },
      { "x-earlybird-console": "1", origin: "https://evil.test" },
    ])
      expect(codeOf(await write(headers))).toEqual([403, "EB_CONSOLE_WRITE"]);
    expect(codeOf(await write({}, "DELETE"))).toEqual([403, "EB_CONSOLE_WRITE"]);
  });
});

describe("figures of the service", () => {
  const clock = new StandingClock("2026-03-10T06:00:00Z");
  const read = async (figures?: () => Promise<readonly ConsoleFigure[]>) => {
    const service = fastify();
    service.setValidatorCompiler(validatorCompiler);
    service.setSerializerCompiler(serializerCompiler);
    const operatorOnly = async () => {};
    await service.register(figuresRoute, { figures, clock, log: service.log, operatorOnly });
    const ask = async () => (await service.inject("/api/console/figures")).json().figures;
    return { ask, close: () => service.close() };
  };

  test("are read at most every 30 seconds, at most four, without what is no figure", async () => {
    let calls = 0;
    const { ask, close } = await read(async () => [
      { label: "orders", value: ++calls },
      { label: "broken", value: Number.NaN },
      ...["a", "b", "c", "d"].map((label) => ({ label, value: label, unit: "paise" })),
    ]);
    const [first, again] = await Promise.all([ask(), ask()]);
    expect(first).toHaveLength(4);
    expect(first.slice(0, 2)).toEqual([
      { label: "orders", value: 1, unit: null },
      { label: "a", value: "a", unit: "paise" },
    ]);
    expect([again, await ask()]).toEqual([first, first]);
    clock.advanceMs(30_000);
    expect((await ask())[0].value).toBe(2);
    await close();
  });

  test("are absent if the service has none, if they fail, or if they hang; one that hangs is not called again", async () => {
    let calls = 0;
    const hanging = () => {
      calls++;
      return new Promise<never>(() => {});
    };
    for (const figures of [undefined, () => Promise.reject(new Error("down")), hanging]) {
      const { ask, close } = await read(figures);
      expect(await ask()).toEqual([]);
      clock.advanceMs(60_000);
      if (figures !== hanging) expect(await ask()).toEqual([]);
      else void ask();
      await close();
    }
    expect(calls).toBe(1);
  });
});

describe("a session that expires", () => {
  const login = { kind: "password", url: "/login", refreshUrl: "/refresh" } as const;
  const renew = (cookie: string) =>
    app.inject({
      method: "POST",
      url: "/api/console/session/renew",
      headers: { cookie, "x-earlybird-console": "1", "sec-fetch-site": "same-origin" },
    });

  test("is renewed by the service's own refresh token, which the browser never sees", async () => {
    await app.close();
    await start({ login });
    const given: unknown[] = [];
    app.post("/refresh", async ({ body }) => {
      given.push(body);
      return { access_token: "operator", refresh_token: "second", expires_in: 900 };
    });
    const { response, cookie } = await logIn("Bearer admin", { refresh_token: "first", expires_in: 900 });
    expect(Date.parse(response.json().expires_at) - Date.now()).toBeGreaterThan(880_000);
    const renewed = await renew(cookie);
    expect(renewed.json()).toMatchObject({ user: { name: "Rohan" } });
    expect(given).toEqual([{ refresh_token: "first" }]);
    await renew(String(renewed.headers["set-cookie"]).split(";", 1)[0] ?? "");
    expect(given[1]).toEqual({ refresh_token: "second" });
  });

  test("ends at the service, too, when the user logs out", async () => {
    await app.close();
    await start({ login: { ...login, logoutUrl: "/logout" } });
    const ended: unknown[] = [];
    app.post("/logout", async ({ headers }) => {
      ended.push(headers.authorization);
      return {};
    });
    const { cookie } = await logIn("Bearer admin");
    const headers = { cookie, "x-earlybird-console": "1", "sec-fetch-site": "same-origin" };
    const response = await app.inject({ method: "DELETE", url: "/api/console/session", headers });
    expect([response.statusCode, ended]).toEqual([204, ["Bearer admin"]]);
  });

  test("ends when the service refuses to renew it", async () => {
    await app.close();
    await start({ login });
    app.post("/refresh", (_, reply) => reply.code(401).send({}));
    const { cookie } = await logIn("Bearer admin", { refresh_token: "used" });
    const refused = await renew(cookie);
    expect(codeOf(refused)).toEqual([401, "EB_CONSOLE_SESSION_ENDED"]);
    expect(refused.headers["set-cookie"]).toMatch(/Max-Age=0/);
  });
});

describe("the pages", () => {
  let directory: string;
  let host: FastifyInstance;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "console-"));
    await mkdir(join(directory, "assets"));
    await writeFile(
      join(directory, "index.html"),
      '<html data-root="../"><base href="/" /><title>Console</title>',
    );
    await writeFile(join(directory, "assets/app-x.js"), "start()");
    host = fastify();
    await host.register(async (pages) => consolePages(pages, "/ops/console", directory));
  });
  afterEach(async () => {
    await host.close();
    await rm(directory, { recursive: true });
  });

  test.each([
    ["/ops/console", "./console/"],
    ["/ops/console?x=/", "./console/"],
    ["/ops/console/", "./"],
    ["/ops/console/alerts", "./"],
    ["/ops/console/changes/23", "../"],
    ["/ops/console/a/b/c", "../../"],
  ])("have at %s the base %s, which leads to the console below any prefix", async (url, base) => {
    expect(baseOf(url, "/ops/console")).toBe(base);
    const response = await host.inject(url);
    expect(response.body).toContain(`<base href="${base}" />`);
    const prefixed = new URL(base, new URL(`/prefix${url}`, "http://host"));
    expect(prefixed.pathname).toBe("/prefix/ops/console/");
    const [, root = ""] = /data-root="([^"]*)"/.exec(response.body) ?? [];
    expect(new URL(root, prefixed).pathname).toBe("/prefix/");
  });

  test("allow scripts, styles and connections of their own only, and are never cached", async () => {
    const { headers } = await host.inject("/ops/console/changes/23");
    expect(headers["content-security-policy"]).toMatch(
      /default-src 'none'; script-src 'self'; style-src 'self'/,
    );
    expect(headers["content-security-policy"]).toMatch(/require-trusted-types-for 'script'/);
    expect(headers["cache-control"]).toBe("no-cache");
  });

  test("refer to files that are cached for a year, and a file that is gone is no page", async () => {
    const file = await host.inject("/ops/console/assets/app-x.js");
    expect([file.body, file.headers["cache-control"]]).toEqual([
      "start()",
      "public, max-age=31536000, immutable",
    ]);
    expect((await host.inject("/ops/console/assets/app-y.js")).statusCode).toBe(404);
  });
});
