import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { approvalSchema } from "../approvals/approval.ts";
import { auditPageSchema } from "../audit/read.ts";
import { stepUnknown } from "../change/step-range.ts";
import type { RollbackManager } from "../manager.ts";
import { operationDetailsSchema, operationSchema } from "../operations/operation.ts";
import { overviewSchema } from "../preview/overview.ts";
import { parkedStepSchema } from "../preview/parked.ts";
import { stepStatusSchema } from "../preview/status.ts";
import { operationParams, stepParams } from "./request-schemas.ts";

export interface ReadingOptions {
  manager: RollbackManager;
  /** Refuses whoever is not an operator. */
  operatorOnly: onRequestAsyncHookHandler;
}

const limit = z.coerce.number().int().min(1).max(500).default(50);
const olderThan = z
  .string()
  .regex(/^\d{1,15}$/, "must be a number from an earlier page")
  .optional();
const operationsShown = 10;

/** Where the steps stand, what was done, and the ledger. */
export const readingRoutes: FastifyPluginAsyncZod<ReadingOptions> = async (
  app,
  { manager, operatorOnly },
) => {
  app.addHook("onRequest", operatorOnly);
  const described = (summary: string) => ({ tags: ["rollback"], summary });

  app.get(
    "/api/rollback/status",
    { schema: { ...described("Where everything stands, at a glance."), response: { 200: overviewSchema } } },
    () => manager.getOverview(),
  );

  app.get(
    "/api/rollback/steps",
    {
      schema: {
        ...described("The steps, and whether each could be rolled back right now."),
        response: { 200: z.object({ steps: z.array(stepStatusSchema) }) },
      },
    },
    () => manager.getStatus(),
  );

  app.get(
    "/api/rollback/steps/:step",
    {
      schema: {
        ...described("One step, and the last operations that concerned it."),
        params: stepParams,
        response: { 200: stepStatusSchema.extend({ operations: z.array(operationSchema) }) },
      },
    },
    async ({ params: { step } }) => {
      const [{ steps }, operations] = await Promise.all([
        manager.getStatus(),
        manager.listOperations(operationsShown, { step }),
      ]);
      const found = steps.find((each) => each.step === step);
      if (!found) throw stepUnknown(step, manager.steps);
      return { ...found, operations };
    },
  );

  app.get(
    "/api/rollback/operations",
    {
      schema: {
        ...described("The operations, newest first."),
        querystring: z.strictObject({ limit, before: olderThan }),
        response: { 200: z.object({ operations: z.array(operationSchema) }) },
      },
    },
    async ({ query: { limit: count, before } }) => ({
      operations: await manager.listOperations(count, before === undefined ? {} : { before }),
    }),
  );

  app.get(
    "/api/rollback/operations/:id",
    {
      schema: {
        ...described("One operation: who, why, what it did, and which edited values it kept."),
        params: operationParams,
        response: { 200: operationDetailsSchema },
      },
    },
    ({ params: { id } }) => manager.getOperationDetails(id),
  );

  app.get(
    "/api/rollback/approvals",
    {
      schema: {
        ...described("Requests for a second person's approval, newest first, and what became of each."),
        querystring: z.strictObject({ limit }),
        response: { 200: z.object({ approvals: z.array(approvalSchema) }) },
      },
    },
    async ({ query: { limit: count } }) => ({ approvals: await manager.listApprovals(count) }),
  );

  app.get(
    "/api/rollback/parked",
    {
      schema: {
        ...described("What is parked for the steps that are rolled back."),
        response: { 200: z.object({ parked: z.array(parkedStepSchema) }) },
      },
    },
    async () => ({ parked: await manager.parked() }),
  );

  app.get(
    "/api/rollback/audit",
    {
      schema: {
        ...described("The ledger, newest first, and whether all of it is as it was written."),
        querystring: z.strictObject({ limit, before: olderThan }),
        response: { 200: auditPageSchema },
      },
    },
    ({ query: { limit: count, before } }) =>
      manager.readAudit({ limit: count, ...(before !== undefined && { before: Number(before) }) }),
  );
};
