import { Readable } from "node:stream";
import negotiator from "@fastify/accept-negotiator";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { releaseMarkdown } from "../history/release-markdown.ts";
import { releaseDetailsSchema, releaseSummarySchema } from "../history/release-view.ts";
import { journalFile, readRelease } from "../release/release.ts";
import { followJournal } from "./follow.ts";
import { type ReleaseRoutesOptions, releaseParams } from "./options.ts";

const markdown = "text/markdown";

/** What operators may read of releases. */
export const readRoutes: FastifyPluginAsyncZod<ReleaseRoutesOptions> = async (
  app,
  { history, dataDir, clock, operatorOnly },
) => {
  const tags = ["releases"];
  const open = new Set<AbortController>();
  // A server that stops ends the streams instead of waiting for clients to leave.
  app.addHook("preClose", async () => {
    for (const watching of open) watching.abort();
  });

  app.get(
    "/api/releases",
    {
      onRequest: operatorOnly,
      schema: {
        tags,
        summary: "List the releases, newest first.",
        response: { 200: z.object({ releases: z.array(releaseSummarySchema) }) },
      },
    },
    async () => ({ releases: await history.list() }),
  );

  app.get(
    "/api/releases/:id",
    {
      onRequest: operatorOnly,
      schema: {
        tags,
        summary: "Get a release: its journal, and what preflight, rehearsal, judge and validation found.",
        description: "As Markdown with `format=md` or `Accept: text/markdown`. Times in Markdown are UTC.",
        params: releaseParams,
        querystring: z.strictObject({ format: z.enum(["json", "md"]).optional() }),
        response: { 200: releaseDetailsSchema },
      },
    },
    async ({ params, query, headers }, reply) => {
      const details = await history.details(params.id);
      const wanted = negotiator.negotiate(headers.accept ?? "*/*", ["application/json", markdown]);
      if (query.format === "json" || (query.format === undefined && wanted !== markdown)) return details;
      // The serializer of the schema is for JSON.
      reply.serializer((text) => String(text)).type(`${markdown}; charset=utf-8`);
      return releaseMarkdown(details) as never;
    },
  );

  app.get(
    "/api/releases/:id/events",
    {
      onRequest: operatorOnly,
      exposeHeadRoute: false,
      config: { streams: true },
      schema: {
        tags,
        summary: "Follow a release as it happens: server-sent events.",
        description:
          "Each event is an entry of the journal. With Last-Event-ID, known events are left out. The stream ends when the " +
          "login has ended.",
        produces: ["text/event-stream"],
        params: releaseParams,
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await readRelease(dataDir, id);
      const watching = new AbortController();
      open.add(watching);
      reply.raw.once("close", () => {
        open.delete(watching);
        watching.abort();
      });
      const seen = Number(/^\d{1,9}$/.exec(String(request.headers["last-event-id"]))?.[0] ?? 0);
      const mayRead = () =>
        Promise.resolve(operatorOnly.call(app, request, reply)).then(
          () => true,
          () => false,
        );
      const events = followJournal(journalFile(dataDir, id), {
        seen,
        clock,
        signal: watching.signal,
        mayRead,
      });
      return reply.header("x-accel-buffering", "no").type("text/event-stream").send(Readable.from(events));
    },
  );
};
