import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { approvalSchema } from "../approvals/approval.ts";
import type { Requester } from "../engine/request.ts";
import type { RollbackManager } from "../manager.ts";
import { approveBody, operationParams, stepParams, untilBody, withdrawBody } from "./request-schemas.ts";

export interface ApprovingOptions {
  manager: RollbackManager;
  /** Identifies the requester; from then on the engine records the result of the request. */
  by: (request: FastifyRequest) => Requester;
}

/** Approvals, and the time by which a step is to be re-applied. For admins only. */
export const approvingRoutes: FastifyPluginAsyncZod<ApprovingOptions> = async (app, { manager, by }) => {
  const described = (summary: string) => ({ tags: ["rollback"], summary });

  app.post(
    "/api/rollback/approvals/:id/approve",
    {
      config: { attempt: "approve" },
      schema: {
        ...described(
          "Approve another person's request. The move starts when the request is repeated with its id.",
        ),
        params: operationParams,
        body: approveBody,
        response: { 200: z.object({ approval: approvalSchema }) },
      },
    },
    async (request) => ({
      approval: await manager.approve(request.params.id, { ...by(request), ...request.body }),
    }),
  );

  app.post(
    "/api/rollback/approvals/:id/withdraw",
    {
      config: { attempt: "withdraw" },
      schema: {
        ...described("Withdraw a request that is not used yet."),
        params: operationParams,
        body: withdrawBody,
        response: { 200: z.object({ approval: approvalSchema }) },
      },
    },
    async (request) => {
      const { reason } = request.body;
      const asked = { ...by(request), ...(reason !== undefined && { reason }) };
      return { approval: await manager.withdraw(request.params.id, asked) };
    },
  );

  app.post(
    "/api/rollback/steps/:step/until",
    {
      config: { attempt: "until" },
      schema: {
        ...described(
          "Set the time by which a rolled back step is to be re-applied. Steps never move automatically.",
        ),
        params: stepParams,
        body: untilBody,
        response: { 200: z.object({ step: z.int(), until: z.iso.datetime().nullable() }) },
      },
    },
    (request) => {
      const { until, reason } = request.body;
      const asked = { ...by(request), ...(reason !== undefined && { reason }) };
      return manager.changeUntil(request.params.step, until === null ? null : new Date(until), asked);
    },
  );
};
