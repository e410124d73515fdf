import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { approvalSchema } from "../approvals/approval.ts";
import { auditPageSchema } from "../audit/read.ts";
import { stepUnknown } from "../change/step-range.ts";
import type { RollbackManager } from "../manager.ts";
import { operationDetailsSchema, operationKindSchema, operationSchema } from "../operations/operation.ts";
import { operationActionSchema, operationActions } from "../operations/unfinished.ts";
import { previewSchema } from "../preview/impact-preview.ts";
import { overviewSchema } from "../preview/overview.ts";
import { parkedStepSchema } from "../preview/parked.ts";
import { stepStatusSchema } from "../preview/status.ts";
import { operationParams, stepParams } from "./request-schemas.ts";

export interface ReadingOptions {
  manager: RollbackManager;
  /** Refuses requests of people who are not operators. */
  operatorOnly: onRequestAsyncHookHandler;
}

const limit = z.coerce.number().int().min(1).max(500).default(50);
const olderThan = z
  .string()
  .regex(/^\d{1,15}$/, "must be a number from an earlier page")
  .optional();
const filteredPage = {
  limit,
  before: olderThan.describe("`next` of the page before."),
  step: z.coerce.number().int().min(1).max(999_999_999).optional().describe("Only what concerns this step."),
  operator: z.string().max(200).optional().describe("A part of the operator's name or id."),
};
const operationsShown = 10;

/** Status of the steps, operations, approvals and the ledger. */
export const readingRoutes: FastifyPluginAsyncZod<ReadingOptions> = async (
  app,
  { manager, operatorOnly },
) => {
  app.addHook("onRequest", operatorOnly);
  const described = (summary: string) => ({ tags: ["rollback"], summary });

  app.get(
    "/api/rollback/status",
    {
      schema: {
        ...described("Steps by state, the last operation and the head of the ledger."),
        response: { 200: overviewSchema },
      },
    },
    () => manager.getOverview(),
  );

  app.get(
    "/api/rollback/steps",
    {
      schema: {
        ...described("List the steps, and whether each can be rolled back now."),
        response: { 200: z.object({ steps: z.array(stepStatusSchema) }) },
      },
    },
    () => manager.getStatus(),
  );

  app.get(
    "/api/rollback/steps/:step",
    {
      schema: {
        ...described("Get one step and its last operations."),
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
    "/api/rollback/steps/:step/preview",
    {
      schema: {
        ...described("Get the impact of the possible move of a step, without executing it."),
        description:
          "Read-only, at most two seconds, kept for a minute. A dry run also measures rows, locks and duration.",
        params: stepParams,
        response: { 200: previewSchema },
      },
    },
    ({ params: { step } }) => manager.preview(step),
  );

  app.get(
    "/api/rollback/operations",
    {
      schema: {
        ...described("List operations, newest first."),
        querystring: z.strictObject({
          ...filteredPage,
          action: operationKindSchema.optional().describe("Only operations of this kind."),
        }),
        response: {
          200: z.object({
            operations: z.array(operationSchema),
            next: z.string().nullable().describe("`before` for the next page; null on the last one."),
          }),
        },
      },
    },
    async ({ query: { limit: count, action: kind, ...filter } }) => {
      // One more than the page shows whether there is another page.
      const found = await manager.listOperations(count + 1, { kind, ...filter });
      const operations = found.slice(0, count);
      return { operations, next: found.length > count ? (operations.at(-1)?.id ?? null) : null };
    },
  );

  app.get(
    "/api/rollback/operations/:id",
    {
      schema: {
        ...described(
          "Get one operation with its receipts and kept values, and whether it can be resumed or aborted.",
        ),
        params: operationParams,
        response: { 200: operationDetailsSchema.extend({ actions: z.array(operationActionSchema) }) },
      },
    },
    async ({ params: { id } }) => {
      const [details, [last]] = await Promise.all([
        manager.getOperationDetails(id),
        manager.listOperations(1),
      ]);
      return { ...details, actions: operationActions(details, last?.id ?? id) };
    },
  );

  app.get(
    "/api/rollback/approvals",
    {
      schema: {
        ...described("List requests for approval with their state, newest first."),
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
        ...described("List the values parked for rolled back steps."),
        response: { 200: z.object({ parked: z.array(parkedStepSchema) }) },
      },
    },
    async () => ({ parked: await manager.parked() }),
  );

  app.get(
    "/api/rollback/audit",
    {
      schema: {
        ...described("List ledger entries, newest first, and verify the whole ledger."),
        querystring: z.strictObject({
          ...filteredPage,
          action: z
            .string()
            .max(100)
            .optional()
            .describe("Only this action; `rollback` also finds `rollback.refused` and `rollback.failed`."),
        }),
        response: { 200: auditPageSchema },
      },
    },
    ({ query: { before, ...page } }) =>
      manager.readAudit({ ...page, before: before === undefined ? undefined : Number(before) }),
  );
};
