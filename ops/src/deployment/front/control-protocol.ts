import { z } from "zod";
import { divisionSchema } from "../traffic/division-file.ts";
import { slots } from "../traffic/traffic-switch.ts";

/** Requests to the control socket of a front; bodies are JSON. */
export const controlPaths = {
  state: "/state",
  division: "/division",
  drain: "/drain",
  ticks: "/ticks",
  renew: "/renew",
};

export { divisionSchema };

export const drainSchema = z.object({ slot: z.enum(slots), deadline_ms: z.number().positive() });

/** The program of a front that takes over: an executable and its arguments. */
export const renewSchema = z.object({ command: z.string(), args: z.array(z.string()), cwd: z.string() });
export type RenewRequest = z.infer<typeof renewSchema>;

const backendState = z.object({ ejected: z.boolean(), in_flight: z.number(), streams: z.number() });

export const stateSchema = divisionSchema.extend({
  pid: z.number(),
  url: z.string(),
  slots: z.object({ blue: backendState, green: backendState }),
});
/** The state of a running front. */
export type FrontState = z.infer<typeof stateSchema>;
