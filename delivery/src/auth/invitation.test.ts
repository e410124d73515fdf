import { systemClock } from "@earlybird-ops/platform";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, startApi } from "../../../test/support/api.ts";
import { atOnce } from "../../../test/support/at-once.ts";
import { quiet } from "../../../test/support/delivery.ts";
import { inviteAdmin } from "../invite-admin.ts";
import { adminLock } from "../locks.ts";
import { createAdminInvitation } from "./invitation.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
  await api.pool.query("update users set role = 'operator' where role = 'admin'");
});

afterAll(() => api.stop());

const invitation = async (firstAdmin = true) =>
  (await createAdminInvitation(api.db, { clock: api.clock, firstAdmin })).token;
const body = (token: string, email = "first@example.com") => ({
  token,
  email,
  name: "First",
  password: "milk before sunrise",
});
const accept = (token: string) => api.refusal("POST /api/auth/accept-invitation", { body: body(token) });

test("an invitation that was made up or is over is refused", async () => {
  const token = await invitation();
  for (const other of [`${token}A`, token.toLowerCase(), "nonsense", "."]) {
    expect(await accept(other)).toEqual([403, "EB_INVITATION_REFUSED"]);
  }
  api.clock.advanceMs(24 * 3_600_000);
  expect(await accept(token)).toEqual([403, "EB_INVITATION_REFUSED"]);
});

test("an invitation makes one admin, also when many accept it at once", async () => {
  const token = await invitation();
  const answers = await atOnce(
    api.db,
    sql`select pg_advisory_xact_lock(${sql.join(adminLock)})`,
    ["a", "b", "c"].map(
      (name) => () =>
        api.send("POST /api/auth/accept-invitation", { body: body(token, `${name}@example.com`) }),
    ),
  );
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 403, 403]);
  const winner = answers.find(({ statusCode }) => statusCode === 201)?.json();
  expect(winner.user.role).toBe("admin");
  const headers = { authorization: `Bearer ${winner.access_token}` };
  expect((await api.send("GET /api/users", { headers })).statusCode).toBe(200);
});

test("an invitation made on the machine makes an admin beside others, once, and the ledger records both", async () => {
  api.clock.set(systemClock.now().toISOString());
  const reason = "nobody can log in";
  const context = { pool: api.pool, log: quiet };
  const invite = () => inviteAdmin({ ...context, requestedBy: "root", origin: "cli here", reason });
  const { token, path } = await invite();
  const { access_token, user } = await api.ask(`POST ${path}`, { body: body(token, "second@example.com") });
  expect(user.role).toBe("admin");
  const headers = { authorization: `Bearer ${access_token}` };
  expect((await api.send("GET /api/users", { headers })).statusCode).toBe(200);
  expect(await accept(token)).toEqual([403, "EB_INVITATION_REFUSED"]);
  const [made, invited] = await api.engine.readLedger({ limit: 2 });
  expect(invited).toMatchObject({ action: "admin-invited", operator: "root", origin: "cli here", reason });
  expect(made).toMatchObject({
    action: "login-made",
    operator: "invitation",
    result: { user: user.id, role: "admin" },
  });
  expect(JSON.stringify([made, invited])).not.toContain(token);
  // The one of a first start is for the first admin alone.
  expect(await accept(await invitation())).toEqual([403, "EB_INVITATION_REFUSED"]);
});
