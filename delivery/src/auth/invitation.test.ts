import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, startApi } from "../../../test/support/api.ts";
import { atOnce } from "../../../test/support/at-once.ts";
import { invitationLock } from "../locks.ts";
import { createAdminInvitation } from "./invitation.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
  await api.pool.query("update users set role = 'operator' where role = 'admin'");
});

afterAll(() => api.stop());

const invitation = () => createAdminInvitation({ jwtSecret: api.secret, clock: api.clock });
const body = (token: string, email = "first@example.com") => ({
  token,
  email,
  name: "First",
  password: "the first password",
});
const accept = (token: string) => api.refusal("POST /api/auth/accept-invitation", { body: body(token) });

test("an invitation that was tampered with, made elsewhere or is over is refused", async () => {
  const [expiresAt, signature] = invitation().split(".");
  const elsewhere = createAdminInvitation({
    jwtSecret: "another secret, just as long as it",
    clock: api.clock,
  });
  for (const token of [`${Number(expiresAt) + 1}.${signature}`, elsewhere, "nonsense", "."]) {
    expect(await accept(token)).toEqual([403, "EB_INVITATION_REFUSED"]);
  }
  const old = invitation();
  api.clock.advanceMs(24 * 3_600_000);
  expect(await accept(old)).toEqual([403, "EB_INVITATION_REFUSED"]);
});

test("an invitation makes one admin, also when many accept it at once", async () => {
  const token = invitation();
  const answers = await atOnce(
    api.db,
    sql`select pg_advisory_xact_lock(${sql.join(invitationLock)})`,
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
