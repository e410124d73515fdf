import { z } from "zod";
import { baselineSchema } from "../traffic/baseline.ts";
import { slotCountsSchema } from "../traffic/counts.ts";
import { divisionRequestSchema, divisionSchema } from "../traffic/division-file.ts";
import { slots, type Tick } from "../traffic/traffic-switch.ts";

/** Requests to the control socket of a front; bodies are JSON. */
export const controlPaths = {
  state: "/state",
  division: "/division",
  drain: "/drain",
  ticks: "/ticks",
  renew: "/renew",
};

export { divisionRequestSchema };

export const drainSchema = z.object({ slot: z.enum(slots), deadline_ms: z.number().positive() });

/** The program of a front that takes over: an executable and its arguments. */
export const renewSchema = z.object({ command: z.string(), args: z.array(z.string()), cwd: z.string() });
export type RenewRequest = z.infer<typeof renewSchema>;

const backendState = z.object({
  ejected: z.boolean(),
  in_flight: z.number(),
  streams: z.number(),
  /** Requests that got no complete response from the slot since the front started. */
  lost: z.number(),
});

export const stateSchema = divisionSchema.extend({
  pid: z.number(),
  url: z.string(),
  slots: z.object({ blue: backendState, green: backendState }),
  /** The last hour of the slot that serves most clients; null if it had too few requests. */
  last_hour: baselineSchema.nullable(),
});
/** The state of a running front. */
export type FrontState = z.infer<typeof stateSchema>;

/** One line of the ticks. */
export const tickSchema: z.ZodType<Tick> = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  weights: z.object({ blue: z.number(), green: z.number() }),
  epoch: z.number(),
  slots: z.object({ blue: slotCountsSchema, green: slotCountsSchema }),
});
