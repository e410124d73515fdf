import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { endSessions, loginOf, recordSecurityEvents, requesterOf } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import { roles } from "../database.ts";
import { flag, id, note } from "../fields.ts";
import { listRoute } from "../list-route.ts";
import { changeUser, userChange } from "./change.ts";
import { createUser, newUser } from "./create.ts";
import { notYourself, userColumns, userNotFound, userView } from "./user.ts";

const role = z.enum(roles);
const tags = ["users"];

export const userRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, changes } = context;

  listRoute(app, {
    tags,
    summary: "List users",
    item: userView,
    filters: { role: role.optional(), active: flag.optional() },
    sort: { id },
    fetch: (filters, { after, take }) =>
      db
        .selectFrom("users")
        .select(userColumns)
        .where((eb) => eb.and(filters))
        .$if(after !== undefined, (query) => query.where("id", ">", after?.id ?? ""))
        .orderBy("id")
        .limit(take)
        .execute(),
  });

  app.post(
    "",
    { schema: { tags, summary: "Create a login", body: newUser, response: { 201: userView } } },
    async (request, reply) => {
      const created = await createUser(context, request.body, requesterOf(request));
      return reply.code(201).send(created);
    },
  );

  app.patch(
    "/:id",
    {
      schema: {
        tags,
        summary: "Change a user's details or role, or deactivate the login",
        params: z.strictObject({ id }),
        body: userChange,
        response: { 200: userView },
      },
    },
    async (request) => {
      const { body, params } = request;
      const shutsOut = body.role !== undefined || body.active === false;
      if (shutsOut && params.id === loginOf(request).id) throw notYourself();
      return changeUser(context, { id: params.id, change: body, by: requesterOf(request) });
    },
  );

  app.post(
    "/:id/end-sessions",
    {
      schema: {
        tags,
        summary: "End all sessions of a user",
        params: z.strictObject({ id }),
        body: z.strictObject({ reason: note.optional() }).nullable(),
        response: { 200: z.object({ ended: z.int() }) },
      },
    },
    async (request) => {
      const { id: userId } = request.params;
      const at = context.clock.now();
      const ended = await changes.transaction(async (tx) => {
        const user = await tx.selectFrom("users").select("id").where("id", "=", userId).executeTakeFirst();
        if (!user) throw userNotFound({ id: userId });
        const count = await endSessions(tx, at, { userId });
        const reason = request.body?.reason;
        const event = {
          action: "sessions-ended",
          ...(reason && { reason }),
          result: { user: userId, ended: count },
        } as const;
        await recordSecurityEvents(tx, { by: requesterOf(request), at, events: [event] });
        return count;
      });
      return { ended };
    },
  );
};
