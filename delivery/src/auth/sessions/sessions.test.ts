import { readSettings } from "@earlybird-ops/platform";
import { mailTransportFrom } from "@earlybird-ops/platform/alerts";
import { TOTP } from "otpauth";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../../test/support/api.ts";
import { password } from "../../../../test/support/business.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import { peerPassword, type SmtpPeer, startSmtpPeer } from "../../../../test/support/smtp-peer.ts";
import { MailSender } from "../../mail/index.ts";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());
beforeEach(() => api.clock.set("2026-03-10T06:00:00Z"));

const minuteMs = 60_000;
const dayMs = 1_440 * minuteMs;

const login = (email: string, typed = password, more: object = {}) =>
  api.send("POST /api/auth/login", { body: { email, password: typed, ...more } });
const begin = async (email: string) => (await login(email)).json();
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const me = async (token: string) => (await api.send("GET /api/auth/me", bearer(token))).statusCode;
const refresh = (refresh_token: string) => api.send("POST /api/auth/refresh", { body: { refresh_token } });

describe("a refresh token", () => {
  test("is exchanged for new tokens, also when the access token is over", async () => {
    const first = await begin("support@example.com");
    api.clock.advanceMs(16 * minuteMs);
    expect(await me(first.access_token)).toBe(401);
    const second = (await refresh(first.refresh_token)).json();
    expect(second).toMatchObject({ token_type: "Bearer", expires_in: 900, user: { id: "usr_support" } });
    expect(await me(second.access_token)).toBe(200);
    expect((await refresh(second.refresh_token)).statusCode).toBe(200);
  });

  test("that comes back ends its session, whichever of the earlier ones it is", async () => {
    const first = await begin("support@example.com");
    const second = (await refresh(first.refresh_token)).json();
    const third = (await refresh(second.refresh_token)).json();
    expect(await me(third.access_token)).toBe(200);
    expect((await refresh(first.refresh_token)).json().code).toBe("EB_REFRESH_REFUSED");
    expect([await me(third.access_token), (await refresh(third.refresh_token)).statusCode]).toEqual([
      401, 401,
    ]);
  });

  test("that comes back within ten seconds, since its answer was lost, gets the same answer; later it ends the session", async () => {
    const { refresh_token } = await begin("support@example.com");
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(refresh_token)));
    const tokens = new Set(answers.map((answer) => answer.json().refresh_token));
    expect([answers.every(({ statusCode }) => statusCode === 200), tokens.size]).toEqual([true, 1]);
    api.clock.advanceMs(10_000);
    expect((await refresh(refresh_token)).statusCode).toBe(401);
    expect((await refresh([...tokens][0])).statusCode).toBe(401);
  });

  test("that was made up opens and ends nothing", async () => {
    const { access_token, refresh_token } = await begin("support@example.com");
    for (const forged of [
      refresh_token.replace(".0.", ".1."),
      `${refresh_token}A`,
      refresh_token.slice(0, -1),
      "ses_x.0.",
      "",
    ])
      expect([400, 401]).toContain((await refresh(forged)).statusCode);
    expect(await me(access_token)).toBe(200);
  });

  test.each([
    ["a week without use", 0, 7 * dayMs + 1],
    ["thirty days of use", 6 * dayMs, 6 * dayMs],
  ])("ends after %s", async (_, everyMs, lastMs) => {
    let { refresh_token } = await begin("support@example.com");
    for (let usedMs = 0; everyMs > 0 && usedMs + everyMs < 30 * dayMs; usedMs += everyMs) {
      api.clock.advanceMs(everyMs);
      ({ refresh_token } = (await refresh(refresh_token)).json());
    }
    api.clock.advanceMs(lastMs);
    expect((await refresh(refresh_token)).statusCode).toBe(401);
  });

  test("of a deactivated user is refused", async () => {
    const { refresh_token } = await begin("supplier@example.com");
    await api.pool.query("update users set active = false where id = 'usr_supplier'");
    expect((await refresh(refresh_token)).statusCode).toBe(401);
    await api.pool.query("update users set active = true where id = 'usr_supplier'");
  });
});

describe("sessions", () => {
  test("are listed for their user alone, and each can be ended", async () => {
    const [one, two] = [await begin("marketing@example.com"), await begin("marketing@example.com")];
    const { items } = (await api.send("GET /api/auth/sessions", bearer(two.access_token))).json();
    expect(items.filter(({ current }: { current: boolean }) => current)).toHaveLength(1);
    expect(JSON.stringify(items)).not.toMatch(/hash/);
    const others = items.filter(({ current }: { current: boolean }) => !current);
    const stranger = await begin("delivery@example.com");
    for (const { id } of others) {
      const refused = await api.send(`DELETE /api/auth/sessions/${id}`, bearer(stranger.access_token));
      expect(refused.json().code).toBe("EB_SESSION_NOT_FOUND");
      expect((await api.send(`DELETE /api/auth/sessions/${id}`, bearer(two.access_token))).statusCode).toBe(
        200,
      );
    }
    expect([await me(one.access_token), await me(two.access_token)]).toEqual([401, 200]);
  });

  test("end by logging out, here or everywhere, and their tokens are dead at once", async () => {
    const [one, two, three] = [
      await begin("binod@example.com"),
      await begin("binod@example.com"),
      await begin("binod@example.com"),
    ];
    await api.send("POST /api/auth/logout", bearer(one.access_token));
    expect([await me(one.access_token), await me(two.access_token)]).toEqual([401, 200]);
    await api.send("POST /api/auth/logout-everywhere", bearer(two.access_token));
    expect([await me(two.access_token), await me(three.access_token)]).toEqual([401, 401]);
    expect((await refresh(three.refresh_token)).statusCode).toBe(401);
  });

  test("are ended by an admin, which the ledger tells, and do not come back with the login", async () => {
    const [one, two] = [await begin("marketing@example.com"), await begin("marketing@example.com")];
    expect(
      (await api.send("POST /api/users/usr_marketing/end-sessions", { as: "operator" })).statusCode,
    ).toBe(403);
    await api.ask("POST /api/users/usr_marketing/end-sessions", {
      as: "admin",
      body: { reason: "lost phone" },
    });
    expect(await me(one.access_token)).toBe(401);
    const [entry] = await api.engine.readLedger({ limit: 1 });
    expect(entry).toMatchObject({
      action: "sessions-ended",
      operator: "admin (usr_admin)",
      reason: "lost phone",
    });
    expect((await refresh(two.refresh_token)).statusCode).toBe(401);
    const three = await begin("marketing@example.com");
    for (const active of [false, true])
      await api.ask("PATCH /api/users/usr_marketing", { as: "admin", body: { active } });
    expect(await me(three.access_token)).toBe(401);
  });

  test("continue while step 29 is rolled back and re-applied", async () => {
    const { access_token, refresh_token } = await begin("support@example.com");
    await rollBack(api, 29);
    expect(await me(access_token)).toBe(200);
    const { refresh_token: next } = (await refresh(refresh_token)).json();
    await reapply(api, 29);
    expect(await me(access_token)).toBe(200);
    expect((await refresh(next)).json().user.id).toBe("usr_support");
  });

  test("no answer with a token or personal data is kept by a cache", async () => {
    const answers = [
      await login("support@example.com"),
      await api.send("GET /api/users", { as: "admin" }),
      await api.send("GET /api/customers/cst_asha", { as: "customer" }),
      await api.send("GET /api/rollback/audit", { as: "operator" }),
    ];
    expect(answers.map(({ statusCode, headers }) => [statusCode, headers["cache-control"]])).toEqual(
      answers.map(() => [200, "no-store"]),
    );
  });
});

test("a password is changed by who knows it, and the other sessions end", async () => {
  const [here, there] = [await begin("supplier@example.com"), await begin("supplier@example.com")];
  const change = (current_password: string, new_password: string) =>
    api.send("POST /api/auth/password", {
      ...bearer(here.access_token),
      body: { current_password, new_password },
    });
  expect((await change("not my password", "vermilion harbour")).statusCode).toBe(401);
  expect((await change(password, "vermilion harbour")).statusCode).toBe(200);
  expect([await me(here.access_token), await me(there.access_token)]).toEqual([200, 401]);
  expect([
    (await login("supplier@example.com")).statusCode,
    (await login("supplier@example.com", "vermilion harbour")).statusCode,
  ]).toEqual([401, 200]);
  await change("vermilion harbour", password);
});

describe("a forgotten password", () => {
  let peer: SmtpPeer;
  let sender: MailSender;
  beforeAll(async () => {
    peer = await startSmtpPeer();
    const settings = readSettings(
      {
        SMTP_SERVER: "127.0.0.1",
        SMTP_PORT: String(peer.port),
        ALERT_EMAIL_FROM: "EarlyBird <bird@example.com>",
        ALERT_EMAIL_TO: "ops@example.com",
        ALERT_EMAIL_PASSWORD: peerPassword,
      },
      "/nowhere",
    );
    const transport = mailTransportFrom(settings);
    if (!transport) throw new Error("the settings set mail up");
    sender = new MailSender({ db: api.db, transport, log: quiet, clock: api.clock });
  });
  afterAll(async () => {
    await sender.stop();
    await peer.close();
  });

  const ask = async (email: string) => {
    const answer = await api.send("POST /api/auth/password-reset", { body: { email } });
    return [answer.statusCode, answer.body];
  };
  const set = async (token: string, new_password: string) => {
    const answer = await api.send("POST /api/auth/password-reset/confirm", { body: { token, new_password } });
    return [answer.statusCode, answer.json().code];
  };
  const mailed = async (count: number): Promise<string> => {
    await expect.poll(async () => sender.sendAll().then(() => peer.mails.length)).toBe(count);
    return /^[\w-]{32}$/m.exec((peer.mails.at(-1)?.raw ?? "").replace(/=\r\n/g, ""))?.[0] ?? "";
  };

  test("is set anew with a mailed code, once, and all sessions end", async () => {
    const before = await begin("customer@example.com");
    expect(await ask("nobody@example.com")).toEqual(await ask("customer@example.com"));
    const code = await mailed(1);
    expect(peer.mails[0]?.to).toEqual(["customer@example.com"]);
    expect((await api.pool.query("select from mail_outbox")).rowCount).toBe(0);
    expect(await set("A".repeat(32), "a brand new one")).toEqual([403, "EB_RESET_REFUSED"]);
    expect(await set(code, "a brand new one")).toEqual([200, undefined]);
    expect(await set(code, "and yet another")).toEqual([403, "EB_RESET_REFUSED"]);
    expect(await me(before.access_token)).toBe(401);
    expect((await login("customer@example.com", "a brand new one")).statusCode).toBe(200);
  });

  test("a code ends after half an hour, and with the next one; four mails an hour are too many", async () => {
    await ask("customer@example.com");
    const second = await mailed(2);
    await ask("customer@example.com");
    const third = await mailed(3);
    expect(await set(second, "a brand new one")).toEqual([403, "EB_RESET_REFUSED"]);
    await ask("customer@example.com");
    api.clock.advanceMs(30 * minuteMs);
    expect(await set(third, "a brand new one")).toEqual([403, "EB_RESET_REFUSED"]);
    await sender.sendAll();
    expect(peer.mails).toHaveLength(3);
  });

  test("a mail that the server puts off is sent later", async () => {
    api.clock.advanceMs(2 * 60 * minuteMs);
    peer.behave({ message: 451 });
    await ask("binod@example.com");
    await expect.poll(async () => sender.sendAll().then(() => peer.tries)).toBe(4);
    peer.behave({ message: "yes" });
    await sender.sendAll();
    expect(peer.mails).toHaveLength(3);
    api.clock.advanceMs(11_000);
    await mailed(4);
  });
});

describe("a second factor", () => {
  const as = (token: string, body: object) => ({ ...bearer(token), body });
  let uri: string;
  const codeAt = (ms = 0) => {
    const { secret } = Object.fromEntries(new URL(uri).searchParams) as { secret: string };
    return new TOTP({ secret }).generate({ timestamp: api.clock.now().getTime() + ms });
  };

  test("is set up with the password and a code, demanded from then on, and each code works once", async () => {
    const { access_token } = await begin("admin@example.com");
    expect(
      (await api.send("POST /api/auth/totp/enrol", as(access_token, { password: "guess" }))).statusCode,
    ).toBe(401);
    ({ uri } = (await api.send("POST /api/auth/totp/enrol", as(access_token, { password }))).json());
    expect((await login("admin@example.com")).statusCode).toBe(200);
    expect(
      (await api.send("POST /api/auth/totp/confirm", as(access_token, { code: "000000" }))).statusCode,
    ).toBe(401);
    const confirmed = await api.send("POST /api/auth/totp/confirm", as(access_token, { code: codeAt() }));
    const { recovery_codes } = confirmed.json();
    expect(recovery_codes).toHaveLength(10);
    const { rows } = await api.pool.query("select encode(secret, 'escape') as secret from totp_secrets");
    expect(rows[0].secret).not.toContain(new URL(uri).searchParams.get("secret"));

    expect((await login("admin@example.com")).json().code).toBe("EB_TOTP_NEEDED");
    expect((await login("admin@example.com", "guess")).json().code).toBe("EB_WRONG_LOGIN");
    // The code of the set-up was used.
    expect((await login("admin@example.com", password, { totp: codeAt() })).json().code).toBe(
      "EB_TOTP_WRONG",
    );
    api.clock.advanceMs(30_000);
    const again = await Promise.all(
      [1, 2].map(() => login("admin@example.com", password, { totp: codeAt() })),
    );
    expect(again.map(({ statusCode }) => statusCode).sort()).toEqual([200, 401]);
    expect((await login("admin@example.com", password, { totp: codeAt(90_000) })).statusCode).toBe(401);

    const [recovery] = recovery_codes;
    expect((await login("admin@example.com", password, { totp: recovery })).statusCode).toBe(200);
    expect((await login("admin@example.com", password, { totp: recovery })).statusCode).toBe(401);
    api.clock.advanceMs(60_000);
    const removed = await api.send(
      "POST /api/auth/totp/remove",
      as(api.tokenOf("admin"), { password, code: codeAt() }),
    );
    expect(removed.statusCode).toBe(200);
    expect((await login("admin@example.com")).statusCode).toBe(200);
  });

  test("is demanded of admins in production before anything else, of nobody else", async () => {
    const production = await startApi({ beside: api, adminsNeedTotp: true });
    const refused = async (route: string, user: string) =>
      (await production.send(route, { as: user })).json().code ?? "let in";
    for (const route of ["GET /api/users", "GET /api/rollback/steps", "GET /api/alerts/active"])
      expect([route, await refused(route, "admin"), await refused(route, "operator")]).toEqual([
        route,
        "EB_TOTP_ENROLMENT_NEEDED",
        "let in",
      ]);
    expect(await refused("GET /api/auth/me", "admin")).toBe("let in");
    ({ uri } = await production.ask("POST /api/auth/totp/enrol", { as: "admin", body: { password } }));
    await production.ask("POST /api/auth/totp/confirm", { as: "admin", body: { code: codeAt() } });
    expect(await refused("GET /api/users", "admin")).toBe("let in");
    await api.pool.query("delete from totp_secrets");
    await production.stop();
  });
});

test("wrong codes of a second factor are guesses, wherever one is asked for and from however many addresses", async () => {
  const { access_token } = await begin("operator@example.com");
  const own = (route: string, body: object, remoteAddress: string) =>
    api.send(`POST /api/auth/${route}`, {
      ...bearer(access_token),
      body: { password, ...body },
      remoteAddress,
    });
  const { uri } = (await own("totp/enrol", {}, "203.0.113.1")).json();
  const { secret } = Object.fromEntries(new URL(uri).searchParams) as { secret: string };
  const code = new TOTP({ secret }).generate({ timestamp: api.clock.now().getTime() });
  await api.send("POST /api/auth/totp/confirm", { ...bearer(access_token), body: { code } });
  await api.pool.query("truncate login_budgets, known_addresses");
  const evaluated = async (times: number, guess: (n: number) => Promise<{ json(): { code: string } }>) => {
    const codes: string[] = [];
    for (let n = 0; n < times; n++) codes.push((await guess(n)).json().code);
    return codes.filter((each) => each === "EB_TOTP_WRONG").length;
  };
  // One address.
  expect(await evaluated(12, () => own("reauthenticate", { totp: "000001" }, "203.0.113.2"))).toBe(10);
  expect(await evaluated(12, () => own("totp/remove", { code: "000001" }, "203.0.113.3"))).toBe(10);
  // The right password alone makes no address known: the account's budget of 50 holds for all of them.
  const from = (n: number, more: object) =>
    api.send("POST /api/auth/login", {
      body: { email: "operator@example.com", password, ...more },
      remoteAddress: `203.0.${Math.floor(n / 8)}.9`,
    });
  const guessed = await evaluated(48, async (n) => {
    await from(n, {});
    return from(n, { totp: "000001" });
  });
  expect(guessed).toBe(30);
  await api.pool.query("delete from totp_secrets; truncate login_budgets");
});

test("a critical step over HTTP needs a login of the last ten minutes; a dry run and other steps do not", async () => {
  const { access_token } = await begin("admin@example.com");
  api.clock.advanceMs(10 * minuteMs + 1);
  const ask = async (route: string, body: object) => {
    const answer = await api.send(`POST /api/${route}`, { ...bearer(access_token), body });
    return [answer.statusCode, answer.json().code];
  };
  const critical = { reason: "test", acknowledge: ["security exposed"] };
  const before = api.alerts.active();
  const needed = [403, "EB_REAUTHENTICATION_NEEDED"];
  expect(await ask("rollback/steps/24/rollback", critical)).toEqual(needed);
  expect(await ask("rollback/range", { from: 25, to: 24, direction: "rollback", ...critical })).toEqual(
    needed,
  );
  expect(await ask("rollback/steps/20/rollback", { reason: "test", cascade: true })).toEqual(needed);
  expect(await ask("rollback/steps/24/dry-run", { direction: "rollback" })).toEqual([200, undefined]);
  expect(await ask("rollback/steps/28/rollback", {})).toEqual([200, undefined]);
  expect(await ask("rollback/steps/28/reapply", {})).toEqual([200, undefined]);
  expect(await ask("auth/reauthenticate", { password: "guess" })).toEqual([401, "EB_WRONG_LOGIN"]);
  expect(await ask("auth/reauthenticate", { password })).toEqual([200, undefined]);
  expect(await ask("rollback/steps/24/rollback", critical)).toEqual([200, undefined]);
  expect(await ask("rollback/steps/24/reapply", {})).toEqual([200, undefined]);
  expect(api.alerts.active()).toEqual(before);
});
