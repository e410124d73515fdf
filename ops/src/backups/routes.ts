import type { FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { BackupManager } from "./manager.ts";
import { methodSchema } from "./manifest.ts";
import { backupViewSchema } from "./view.ts";

export interface BackupRoutesOptions {
  backups: BackupManager;
  /** Refuses requests of people who are not operators. */
  operatorOnly: onRequestAsyncHookHandler;
  /** Returns the admin of a request, or rejects the request. */
  admin: (request: FastifyRequest) => Promise<{ id: string; name: string }>;
}

const begunSchema = z.object({
  backup: z.object({ id: z.string() }).describe("Its progress is in GET /api/backups."),
});

/** Backups: operators read, admins make and verify. The work goes on after the response. */
export const backupRoutes: FastifyPluginAsyncZod<BackupRoutesOptions> = async (
  app,
  { backups, operatorOnly, admin },
) => {
  const working = new Set<Promise<unknown>>();
  app.addHook("onClose", async () => {
    await Promise.allSettled(working);
  });
  const tags = ["backups"];

  app.get(
    "/api/backups",
    {
      onRequest: operatorOnly,
      schema: {
        tags,
        summary: "List the backups with their verification and the progress of running work, newest first.",
        response: {
          200: z.object({
            backups: z.array(backupViewSchema),
            last_verified: z
              .object({ id: z.string(), at: z.iso.datetime() })
              .nullable()
              .describe("the newest backup that was restored and compared"),
          }),
        },
      },
    },
    async () => {
      const listed = await backups.list();
      const verified = listed.find(({ verdict }) => verdict === "ok");
      return {
        backups: listed,
        last_verified: verified ? { id: verified.id, at: verified.started_at } : null,
      };
    },
  );

  const keep = (work: Promise<unknown>) => {
    working.add(work);
    void work.catch(() => undefined).finally(() => working.delete(work));
  };

  app.post(
    "/api/backups",
    {
      config: { problems: [409] },
      onRequest: async (request) => void (await admin(request)),
      schema: {
        tags,
        summary: "Begin a backup. It is listed with its progress.",
        body: z.strictObject({ method: methodSchema.optional() }).nullish(),
        response: { 202: begunSchema },
      },
    },
    async (request, reply) => {
      const { name } = await admin(request);
      const id = await new Promise<string>((resolve, reject) => {
        const made = backups.create({ requestedBy: name, method: request.body?.method }, resolve);
        keep(made);
        made.catch((err: unknown) => {
          request.log.warn({ err }, "a backup failed");
          reject(err);
        });
      });
      return reply.code(202).header("location", "/api/backups").send({ backup: { id } });
    },
  );

  app.post(
    "/api/backups/:id/verify",
    {
      config: { problems: [404, 409] },
      onRequest: async (request) => void (await admin(request)),
      schema: {
        tags,
        summary: "Begin to restore a backup into a temporary server and compare it.",
        params: z.strictObject({ id: z.string().max(64) }),
        body: z.strictObject({}).nullish(),
        response: { 202: begunSchema },
      },
    },
    async (request, reply) => {
      const { id } = await backups.find(request.params.id);
      const verified = backups.verify(id);
      keep(verified);
      verified.catch((err: unknown) => request.log.warn({ err, backup: id }, "a verification failed"));
      return reply.code(202).header("location", "/api/backups").send({ backup: { id } });
    },
  );
};
