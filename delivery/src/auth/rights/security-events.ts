import { recordInLedger } from "@earlybird-ops/platform/rollback";
import type { FastifyRequest } from "fastify";
import type { DeliveryDatabase } from "../../database.ts";
import { loginOf } from "../guard.ts";

/** Who did something, as the ledger names them. */
export interface Requester {
  operator: string;
  /** An address, `cli host`. */
  origin: string;
}

export const requesterOf = (request: FastifyRequest): Requester => {
  const { id, name } = loginOf(request);
  return { operator: `${name} (${id})`, origin: `http ${request.ip}` };
};

/** What concerns who may do what, and is written into the ledger; ids in `result` stay as they were. */
export type SecurityEvent =
  | { action: "login-made"; result: { user: string; role: string } }
  | { action: "role-changed"; result: { user: string; from: string; to: string } }
  | { action: "login-deactivated" | "login-activated"; result: { user: string; role: string } }
  | { action: "sessions-ended"; reason?: string; result: { user: string; ended: number } }
  | { action: "login-linked" | "login-unlinked"; result: { user: string; customer: string } };

/** Writes events into the ledger, in the transaction that they belong to and as its last statements. */
export const recordSecurityEvents = async (
  tx: DeliveryDatabase,
  { by, at, events }: { by: Requester; at: Date; events: readonly SecurityEvent[] },
): Promise<void> => {
  for (const event of events) await recordInLedger(tx, { ...event, ...by, at });
};

/** Roles whose logins operate the platform: the ledger records each of them. */
export const operatesPlatform = (role: string): boolean => role === "admin" || role === "operator";
