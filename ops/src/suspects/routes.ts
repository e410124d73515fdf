import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { AlertManager } from "../alerts/index.ts";
import type { Instance } from "../monitoring/index.ts";
import type { RollbackManager } from "../rollback/index.ts";
import { suspectSchema, suspectsOf } from "./suspects.ts";

const consideredMs = 60 * 60_000;
const mostOperations = 50;

export interface SuspectRoutesOptions {
  alerts: Pick<AlertManager, "explain">;
  /** Without it, no operations are suspects. */
  rollback?: Pick<RollbackManager, "listOperations" | "changes"> | undefined;
  /** The live instances of the service. */
  instances: () => readonly Instance[];
  /** Refuses requests of people who are not operators. */
  operatorOnly: onRequestAsyncHookHandler;
}

/** Operations and instance starts near the beginning of an alert. */
export const suspectRoutes: FastifyPluginAsyncZod<SuspectRoutesOptions> = async (
  app,
  { alerts, rollback, instances, operatorOnly },
) => {
  app.get(
    "/api/alerts/:id/suspects",
    {
      onRequest: operatorOnly,
      schema: {
        tags: ["alerts"],
        summary: "List operations and instance starts in the hour before an alert fired, with evidence.",
        description:
          "First those whose change declares that it affects the route or type of the alert, then the latest.",
        params: z.strictObject({ id: z.string().max(64) }),
        response: {
          200: z.object({
            from: z.iso.datetime().describe("The beginning of the time considered."),
            to: z.iso.datetime().describe("Its end: when the alert fired."),
            suspects: z.array(suspectSchema),
          }),
        },
      },
    },
    async ({ params }) => {
      const { alert, instance } = await alerts.explain(params.id);
      const to = new Date(alert.fired_at);
      const from = new Date(to.getTime() - consideredMs);
      const operations = (await rollback?.listOperations(mostOperations, { between: { from, to } })) ?? [];
      const changes = rollback?.changes ?? [];
      const found = { alert, raisedBy: instance, operations, changes, instances: instances(), from };
      return { from: from.toISOString(), to: to.toISOString(), suspects: suspectsOf(found) };
    },
  );
};
