import type { FastifyBaseLogger, onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import { withTimeout } from "../core/with-timeout.ts";
import type { ConsoleFigure } from "./options.ts";

const mostFigures = 4;
const readWithinMs = 2_000;
const keptMs = 30_000;

const figureSchema = z.object({
  label: z.string(),
  value: z.union([z.number(), z.string()]),
  unit: z.string().nullable().describe("a unit of the session, such as paise; null for a plain number"),
});
type Figure = z.infer<typeof figureSchema>;

export interface FiguresRouteOptions {
  /** Of the service. Without it, there are no figures. */
  figures: (() => Promise<readonly ConsoleFigure[]>) | undefined;
  clock: Clock;
  log: Pick<FastifyBaseLogger, "warn">;
  /** Refuses requests of people who are not operators. */
  operatorOnly: onRequestAsyncHookHandler;
}

/** Numbers of the service for the front page, such as the orders of today. */
export const figuresRoute: FastifyPluginAsyncZod<FiguresRouteOptions> = async (app, options) => {
  const read = figureReader(options);
  app.get(
    "/api/console/figures",
    {
      onRequest: options.operatorOnly,
      schema: {
        tags: ["console"],
        summary: "List the service's own figures, at most four, up to 30 seconds old.",
        response: { 200: z.object({ figures: z.array(figureSchema) }) },
      },
    },
    async () => ({ figures: await read() }),
  );
};

/** Reads at most every 30 seconds, and waits at most two. Figures that fail or are late are absent. */
const figureReader = ({ figures, clock, log }: FiguresRouteOptions): (() => Promise<Figure[]>) => {
  let known: Figure[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;
  let running: Promise<Figure[]> | undefined;
  const begin = async (declared: NonNullable<typeof figures>): Promise<Figure[]> => {
    try {
      known = storable(await declared());
    } catch (err) {
      known = [];
      log.warn({ err }, "the figures of the console could not be read");
    }
    readAtMs = clock.monotonicMs();
    return known;
  };
  return async () => {
    if (!figures || (!running && clock.monotonicMs() - readAtMs < keptMs)) return known;
    // One that hangs is not called again.
    running ??= begin(figures).finally(() => {
      running = undefined;
    });
    return withTimeout(readWithinMs, running).catch(() => []);
  };
};

/** The service may return anything. */
const storable = (figures: readonly ConsoleFigure[]): Figure[] =>
  figures
    .map(({ label, value, unit = null }) => figureSchema.safeParse({ label, value, unit }))
    .flatMap(({ data }) => (data === undefined ? [] : [data]))
    .slice(0, mostFigures);
