import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import { figuresView, readFigures } from "./figures.ts";

export const dashboardRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, { db, clock }) => {
  app.get(
    "",
    {
      schema: {
        tags: ["dashboard"],
        summary: "Get the figures of today and this month",
        response: { 200: figuresView },
      },
    },
    async () => readFigures(db, today(clock)),
  );
};
