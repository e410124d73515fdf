import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { approvalSchema } from "../approvals/approval.ts";
import { type Direction, rowCountSchema } from "../change/change.ts";
import { selectSteps } from "../change/step-range.ts";
import { operationResultSchema } from "../execution/execute.ts";
import type { RollbackManager } from "../manager.ts";
import { dryRunSchema } from "../preview/dry-run.ts";
import { certificateSchema } from "../preview/prove.ts";
import { approvingRoutes } from "./approvals.ts";
import { type AuditRefusalsOptions, auditRefusals } from "./audit-refusals.ts";
import { requireRecentLogin } from "./recent-login.ts";
import {
  dryRunBody,
  moveBody,
  operationParams,
  proveBody,
  purgeBody,
  rangeBody,
  requestOf,
  resumeBody,
  stepParams,
} from "./request-schemas.ts";
import { begunSchema, moveHeaders, moveResponder } from "./respond-async.ts";

/** The response to a move that a second person must approve first. */
const approvalPending = z.object({ approval: approvalSchema });
const accepted = z.union([approvalPending, begunSchema]);

const asynchronous =
  "Responds when the operation ends; with `Prefer: respond-async`, with 202 and its id once it has begun.";

/**
 * The routes that change or lock something. Each responds when its operation ends, unless the client prefers otherwise. A
 * client that disconnects does not stop the operation, and finds it in the list of operations.
 */
export const movingRoutes: FastifyPluginAsyncZod<AuditRefusalsOptions> = async (app, rules) => {
  const { manager } = rules;
  const by = auditRefusals(app, rules);
  const respond = moveResponder(app);
  requireRecentLogin(app, manager, rules.recentlyAuthenticated);
  // All fields of most bodies are optional, and so is the body.
  app.addHook("preValidation", async (request) => {
    request.body ??= {};
  });
  const described = (summary: string) => ({ tags: ["rollback"], summary });
  const oneStep = (step: number) => selectSteps(step, step, manager.steps, false);

  app.post(
    "/api/rollback/steps/:step/dry-run",
    {
      config: { attempt: "dry-run" },
      schema: {
        ...described("Dry run of one step: executed in a transaction, measured and aborted."),
        params: stepParams,
        body: dryRunBody,
        response: { 200: dryRunSchema },
      },
    },
    ({ params: { step }, body }) => manager.dryRun(body.direction, oneStep(step), rehearsalOf(body)),
  );

  const moves: [Direction, string][] = [
    ["rollback", "Roll back a step without losing data."],
    ["reapply", "Re-apply a step."],
  ];
  for (const [direction, summary] of moves) {
    app.post(
      `/api/rollback/steps/:step/${direction}`,
      {
        config: { attempt: direction },
        schema: {
          ...described(summary),
          description: asynchronous,
          params: stepParams,
          headers: moveHeaders,
          body: moveBody,
          response: { 200: operationResultSchema, 202: accepted },
        },
      },
      async (request, reply) => {
        const selection = oneStep(request.params.step);
        const asked = requestOf(request.body, by(request));
        return respond(request, reply, (hooks) => manager.run(direction, selection, { ...asked, ...hooks }));
      },
    );
  }

  app.post(
    "/api/rollback/range",
    {
      config: { attempt: "range", problems: [404] },
      schema: {
        ...described("Move a range of steps, or, with `dry_run`, preview the move."),
        description: asynchronous,
        headers: moveHeaders,
        body: rangeBody,
        response: { 200: z.union([dryRunSchema, operationResultSchema]), 202: accepted },
      },
    },
    async (request, reply) => {
      const { from, to, direction, dry_run, ...body } = request.body;
      const selection = selectSteps(from, to, manager.steps);
      const asker = by(request);
      if (dry_run) return manager.dryRun(direction, selection, rehearsalOf(body));
      const asked = requestOf(body, asker);
      return respond(request, reply, (hooks) => manager.run(direction, selection, { ...asked, ...hooks }));
    },
  );

  for (const goal of ["resume", "abort"] as const) {
    app.post(
      `/api/rollback/operations/:id/${goal}`,
      {
        config: { attempt: goal },
        schema: {
          ...described(
            goal === "resume"
              ? "Resume an interrupted or failed operation."
              : "Revert the steps that an interrupted or failed operation has moved.",
          ),
          description: asynchronous,
          params: operationParams,
          headers: moveHeaders,
          body: resumeBody,
          response: { 200: operationResultSchema, 202: begunSchema },
        },
      },
      async (request, reply) => {
        const { id } = request.params;
        const asked = requestOf(request.body, by(request));
        return respond(request, reply, (hooks) => manager[goal](id, { ...asked, ...hooks }));
      },
    );
  }

  await app.register(approvingRoutes, { manager, by });

  app.post(
    "/api/rollback/prove",
    {
      config: { attempt: "prove", problems: [404] },
      schema: {
        ...described("Roll back and re-apply in an aborted transaction, and compare fingerprints."),
        body: proveBody,
        response: { 200: certificateSchema },
      },
    },
    (request) => manager.prove(selectionOf(manager, request.body), by(request)),
  );

  app.post(
    "/api/rollback/parked/:step/purge",
    {
      config: { attempt: "purge" },
      schema: {
        ...described("Destroy the values parked for a step."),
        params: stepParams,
        body: purgeBody,
        response: { 200: z.object({ step: z.int(), purged: z.array(rowCountSchema) }), 202: approvalPending },
      },
    },
    async (request, reply) => {
      const { step } = request.params;
      oneStep(step);
      const purged = await manager.purge(step, requestOf(request.body, by(request)));
      return "approval" in purged ? reply.code(202).send(purged) : { step, purged };
    },
  );
};

const rehearsalOf = ({
  cascade,
  execute,
  measure,
  on_conflict,
}: Pick<z.infer<typeof moveBody>, "cascade" | "execute" | "measure" | "on_conflict">) => ({
  cascade,
  execute,
  measure,
  onConflict: on_conflict,
});

/** A range of steps; a missing end means the first or last registered step. */
const selectionOf = (manager: RollbackManager, { from, to }: z.infer<typeof proveBody>) => {
  const { steps } = manager;
  return selectSteps(from ?? steps[0] ?? 0, to ?? steps.at(-1) ?? 0, steps);
};
