import { recordInLedger } from "earlybird/rollback";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { endSessions, loginOf, requesterOf } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import { roles } from "../database.ts";
import { email, id, name, newPassword, note, phone } from "../fields.ts";
import { given, pageOf, pageQuery, readPage } from "../paging.ts";
import { changeUser } from "./change.ts";
import { createUser } from "./create.ts";
import { notYourself, userColumns, userNotFound, userView } from "./user.ts";

const role = z.enum(roles);
const tags = ["users"];

const listQuery = z.strictObject({
  ...pageQuery,
  role: role.optional(),
  active: z
    .enum(["true", "false"])
    .transform((value) => value === "true")
    .optional(),
});

const newUser = z
  .strictObject({
    email,
    name,
    phone: phone.optional(),
    password: newPassword,
    role,
    customer_id: id.optional().describe("whose login it is; needed for the role customer, and only there"),
  })
  .refine((user) => (user.role === "customer") === (user.customer_id !== undefined), {
    path: ["customer_id"],
    error: "belongs to the role customer, which needs it",
  });

const userChange = z
  .strictObject({ name, phone, role, active: z.boolean() })
  .partial()
  .refine((body) => Object.keys(body).length > 0, "must change something");

export const userRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, changes } = context;

  app.get(
    "",
    { schema: { tags, summary: "List users", querystring: listQuery, response: { 200: pageOf(userView) } } },
    async (request) => {
      const { limit, cursor, ...filters } = request.query;
      return readPage(
        { limit, cursor },
        {
          position: id,
          positionOf: (user) => user.id,
          fetch: (after, take) =>
            db
              .selectFrom("users")
              .select(userColumns)
              .where((eb) => eb.and(given(filters)))
              .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
              .orderBy("id")
              .limit(take)
              .execute(),
        },
      );
    },
  );

  app.post(
    "",
    { schema: { tags, summary: "Make a login", body: newUser, response: { 201: userView } } },
    async (request, reply) => {
      const { customer_id, phone, ...user } = request.body;
      const created = await createUser(context, {
        ...user,
        phone,
        customerId: customer_id,
        by: requesterOf(request),
      });
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
      const by = loginOf(request);
      const at = context.clock.now();
      const ended = await changes.transaction(async (tx) => {
        const user = await tx.selectFrom("users").select("id").where("id", "=", userId).executeTakeFirst();
        if (!user) throw userNotFound({ id: userId });
        const count = await endSessions(tx, at, { userId });
        await recordInLedger(tx, {
          action: "sessions-ended",
          operator: `${by.name} (${by.id})`,
          origin: `http ${request.ip}`,
          at,
          ...(request.body?.reason && { reason: request.body.reason }),
          result: { user: userId, ended: count },
        });
        return count;
      });
      return { ended };
    },
  );
};
