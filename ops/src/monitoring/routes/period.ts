import type { onRequestAsyncHookHandler } from "fastify";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";

/** What a route that reads the past of all instances needs. */
export interface FleetRouteOptions<Reader> {
  fleet: Reader;
  clock: Clock;
  /** Refuses requests that are not from an operator. */
  operatorOnly: onRequestAsyncHookHandler;
}

const hourMs = 3_600_000;

const time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .optional();

/** The period of a request, as query parameters. */
export const periodQuery = {
  from: time.describe("Default: an hour before `to`."),
  to: time.describe("Default: now."),
};

export const periodOf = (
  query: { from?: Date | undefined; to?: Date | undefined },
  clock: Clock,
): { from: Date; to: Date } => {
  const to = query.to ?? clock.now();
  return { from: query.from ?? new Date(to.getTime() - hourMs), to };
};
