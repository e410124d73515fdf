import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { loginOf } from "../auth/index.ts";
import { today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import { deliveryOutcomes } from "../database.ts";
import { calendarDate, id, note } from "../fields.ts";
import { pageOf, pageQuery, readPage } from "../paging.ts";
import { correctDelivery } from "./correct.ts";
import { correctionView, readCorrections } from "./corrections.ts";
import { deliveryView } from "./delivery.ts";
import { handedOverItems } from "./quantities.ts";
import { recordingRefusals } from "./refusals.ts";

const tags = ["deliveries"];
const params = z.strictObject({ id });

const correctionBody = z
  .strictObject({
    status: z.enum(deliveryOutcomes).describe("pending: not delivered yet; to be confirmed again"),
    items: handedOverItems.optional(),
    delivery_date: calendarDate.optional(),
    reason: note.min(1),
  })
  .refine(({ status, items, delivery_date }) => status !== "pending" || !(items || delivery_date), {
    path: ["status"],
    error: "pending takes neither items nor delivery_date",
  });

/** Routes that correct confirmations and list corrections. */
export const correctionRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, changes, clock } = context;

  app.post(
    "/:id/correct",
    {
      schema: {
        tags,
        summary: "Correct a confirmed delivery",
        params,
        body: correctionBody,
        response: { 200: deliveryView },
      },
    },
    async (request) => {
      const { status: outcome, items, delivery_date: date, reason } = request.body;
      const { id: userId, name } = loginOf(request);
      const by = { id: userId, name };
      const correction = { outcome, items, date, reason, by, at: clock.now(), today: today(clock) };
      return recordingRefusals(context, request.log, () =>
        changes.transaction((tx, active) => correctDelivery(tx, active, request.params.id, correction)),
      );
    },
  );

  app.get(
    "/:id/corrections",
    {
      schema: {
        tags,
        summary: "List the corrections of a delivery, newest first",
        params,
        querystring: z.strictObject(pageQuery),
        response: { 200: pageOf(correctionView) },
      },
    },
    async (request) =>
      readPage(request.query, { id: z.int() }, ({ after, take }) =>
        readCorrections(db, request.params.id, { before: after?.id, take }),
      ),
  );
};
