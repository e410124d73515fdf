import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { Operator } from "../../http/authorization.ts";
import { commandRelease } from "../release/command.ts";
import { readJournal } from "../release/journal.ts";
import { journalFile, listReleases, readRelease } from "../release/release.ts";
import { releaseReportSchema, releaseSummarySchema, reportOf } from "../release/report.ts";
import { commandNameSchema } from "../release/state.ts";

export interface ReleaseRoutesOptions {
  /** The data directory of the front, whose releases these are. */
  dataDir: string;
  clock: Clock;
  operatorOnly: onRequestAsyncHookHandler;
  admin: (request: FastifyRequest) => Promise<Operator>;
}

const params = z.object({ id: z.string().regex(/^\d{8}-\d{1,6}$/) });
const lookEveryMs = 500;
const heartbeatEveryMs = 15_000;

/** Releases, read from disk: they work while the database is away. Admins command them, operators read. */
export const releaseRoutes: FastifyPluginAsyncZod<ReleaseRoutesOptions> = async (
  app,
  { dataDir, clock, operatorOnly, admin },
) => {
  const tags = ["releases"];
  const open = new Set<AbortController>();
  app.addHook("preClose", async () => {
    for (const watching of open) watching.abort();
  });
  const reportOn = async (id: string) => {
    const { release } = await readRelease(dataDir, id);
    return reportOf(release, await readJournal(journalFile(dataDir, id)));
  };

  app.get(
    "/api/releases",
    {
      onRequest: operatorOnly,
      schema: {
        tags,
        summary: "Releases, newest first.",
        response: { 200: z.object({ releases: z.array(releaseSummarySchema) }) },
      },
    },
    async () => {
      const releases = await listReleases(dataDir);
      return { releases: await Promise.all(releases.map(({ id }) => reportOn(id))) };
    },
  );

  app.get(
    "/api/releases/:id",
    {
      onRequest: operatorOnly,
      schema: {
        tags,
        summary: "A release with all events of its journal.",
        params,
        response: { 200: releaseReportSchema },
      },
    },
    (request) => reportOn(request.params.id),
  );

  app.get(
    "/api/releases/:id/events",
    {
      onRequest: operatorOnly,
      exposeHeadRoute: false,
      config: { streams: true },
      schema: {
        tags,
        summary: "A release as it happens: server-sent events.",
        description: "Each event is an entry of the journal. With Last-Event-ID, known events are left out.",
        produces: ["text/event-stream"],
        params,
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
      return reply
        .header("x-accel-buffering", "no")
        .type("text/event-stream")
        .send(Readable.from(eventsOf(journalFile(dataDir, id), { seen, clock, signal: watching.signal })));
    },
  );

  app.post(
    "/api/releases/:id/:command",
    {
      onRequest: async (request) => {
        await admin(request);
      },
      schema: {
        tags,
        summary: "Tell a release to hold, advance, revert, accept or ack.",
        description:
          "The conductor obeys within a second. `conducted` is false if none runs: `earlybird release resume` starts one.",
        params: params.extend({ command: commandNameSchema }),
        body: z.object({ reason: z.string().max(1_000).optional() }).nullish(),
        response: {
          202: z.object({ release: z.string(), command: commandNameSchema, conducted: z.boolean() }),
        },
      },
    },
    async (request, reply) => {
      const { id, command } = request.params;
      const { name } = await admin(request);
      const sent = await commandRelease(
        dataDir,
        { id, command, by: name, reason: request.body?.reason },
        clock,
      );
      return reply.status(202).send(sent);
    },
  );
};

async function* eventsOf(
  file: string,
  { seen, clock, signal }: { seen: number; clock: Clock; signal: AbortSignal },
): AsyncGenerator<string> {
  yield ": watching\n\n";
  let [sent, sentMs] = [seen, clock.monotonicMs()];
  while (!signal.aborted) {
    const entries = await readJournal(file);
    for (const [at, entry] of entries.slice(sent).entries())
      yield `id: ${sent + at + 1}\nevent: ${entry.type}\ndata: ${JSON.stringify(entry)}\n\n`;
    if (entries.length > sent) sentMs = clock.monotonicMs();
    sent = Math.max(sent, entries.length);
    if (clock.monotonicMs() - sentMs > heartbeatEveryMs) {
      sentMs = clock.monotonicMs();
      yield ": still watching\n\n";
    }
    await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
  }
}
