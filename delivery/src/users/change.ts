import { defineFailure } from "@earlybird-ops/platform";
import { sql } from "kysely";
import { z } from "zod";
import { endSessions, type Requester, recordSecurityEvents, type SecurityEvent } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import { type DeliveryDatabase, type Role, roles } from "../database.ts";
import { changeOf, name, phone } from "../fields.ts";
import { adminLock } from "../locks.ts";
import { userColumns, userNotFound } from "./user.ts";

const lastAdmin = defineFailure({
  code: "EB_LAST_ADMIN",
  status: 409,
  detail: "This is the last active admin.",
  remedy: "Create another admin first; if no admin can log in, run: earlybird admin invite.",
});

/** The fields of a login that an admin can change. */
export const userChange = changeOf({ name, phone, role: z.enum(roles), active: z.boolean() });

interface Access {
  role: Role;
  active: boolean;
}

/**
 * Changes a user's details, role or state.
 *
 * @throws Failure EB_USER_NOT_FOUND, EB_LAST_ADMIN
 */
export const changeUser = (
  { changes, clock }: ApiContext,
  { id, change, by }: { id: string; change: z.output<typeof userChange>; by: Requester },
) =>
  changes.transaction(async (tx) => {
    if (change.role !== undefined || change.active !== undefined) {
      // Of two admins who deactivate each other concurrently, the second sees the change of the first.
      await sql`select pg_advisory_xact_lock(${sql.join(adminLock)})`.execute(tx);
    }
    const before = await tx
      .selectFrom("users")
      .select(["role", "active"])
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (!before) throw userNotFound({ id });
    const user = await tx
      .updateTable("users")
      .set(change)
      .where("id", "=", id)
      .returning(userColumns)
      .executeTakeFirstOrThrow();
    if (isAdmin(before) && !isAdmin(user) && !(await hasAdmin(tx))) throw lastAdmin();
    // Reactivating the login must not restore its sessions.
    if (!user.active) await endSessions(tx, clock.now(), { userId: id });
    await recordSecurityEvents(tx, { by, at: clock.now(), events: eventsOf(id, before, user) });
    return user;
  });

const isAdmin = ({ role, active }: Access): boolean => role === "admin" && active;

const hasAdmin = async (tx: DeliveryDatabase): Promise<boolean> => {
  const admins = tx.selectFrom("users").select("id").where("role", "=", "admin").where("active", "=", true);
  return (await admins.limit(1).executeTakeFirst()) !== undefined;
};

const eventsOf = (user: string, before: Access, { role, active }: Access): SecurityEvent[] => [
  ...(before.role === role
    ? []
    : [{ action: "role-changed", result: { user, from: before.role, to: role } } as const]),
  ...(before.active === active
    ? []
    : [{ action: active ? "login-activated" : "login-deactivated", result: { user, role } } as const]),
];
