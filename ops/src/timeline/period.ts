import { z } from "zod";
import { defineFailure } from "../core/failure.ts";

const dayMs = 86_400_000;
const mostDays = 90;

const periodRefused = defineFailure({
  code: "EB_PERIOD",
  status: 400,
  detail: `The period ends before it begins, or is longer than ${mostDays} days.`,
  remedy: `Request a period of at most ${mostDays} days.`,
});

const time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .optional();

/** A period of the past as query parameters. */
export const periodQuery = {
  from: time.describe("Default: 24 hours before `to`."),
  to: time.describe("Default: now."),
};

/** @throws Failure EB_PERIOD */
export const periodOf = (
  query: { from?: Date | undefined; to?: Date | undefined },
  now: Date,
): { from: Date; to: Date } => {
  const to = query.to ?? now;
  const from = query.from ?? new Date(to.getTime() - dayMs);
  if (from > to || to.getTime() - from.getTime() > mostDays * dayMs) throw periodRefused();
  return { from, to };
};
