import type { FastifyRequest } from "fastify";

/** A user of the platform's routes; `name` is what the audit trail and alerts show. */
export interface Operator {
  id: string;
  name: string;
}

/**
 * Identifies the user of a request and checks the role. An admin has all rights of an operator.
 *
 * @throws Failure 401 for an unknown user, 403 for a user without the role
 */
export type Authorize = (request: FastifyRequest, role: "operator" | "admin") => Promise<Operator>;

/** Identifies the user of a request, whatever the role; null for an unknown user. */
export type WhoIs = (request: FastifyRequest) => Promise<Operator | null>;
