import { z } from "zod";
import { defineFailure } from "../core/failure.ts";

export interface GaugeOptions {
  /** A sentence for `/metrics` and reports. */
  help: string;
  /** For display, such as `jobs` or `s`. */
  unit?: string | undefined;
}

/** A number that the service reports about itself. */
export interface GaugeDeclaration extends GaugeOptions {
  /** Lower case with underscores, such as `queue_depth`; unique in the service. */
  name: string;
  /** Called at each check, about every five seconds. */
  read: () => number | Promise<number>;
}

/** The latest value of a gauge. */
export const gaugeReading = z.object({
  name: z.string(),
  help: z.string(),
  unit: z.string().nullable(),
  value: z.number().nullable().describe("Null if the last read failed."),
  problem: z.string().nullable().describe("Why there is no value; null if there is one."),
});
export type GaugeReading = z.infer<typeof gaugeReading>;

/** Declares a gauge of the service, without side effects. */
export const gauge = (
  name: string,
  read: GaugeDeclaration["read"],
  options: GaugeOptions,
): GaugeDeclaration => ({ name, read, ...options });

/** Prometheus allows more; this leaves no two spellings of one name. */
const validName = /^[a-z][a-z0-9_]{0,62}$/;

const invalidName = defineFailure({
  code: "EB_GAUGE_NAME",
  status: 500,
  exitStatus: 2,
  detail: "The gauge {name} has an invalid name.",
  remedy: "Use up to 63 lower-case letters, digits and underscores, such as queue_depth.",
});

const incomplete = defineFailure({
  code: "EB_GAUGE_INCOMPLETE",
  status: 500,
  exitStatus: 2,
  detail: "The gauge {name} needs a function that reads it, and a help text.",
  remedy: "Pass both to gauge(name, read, options); the help text is among the options.",
});

const duplicate = defineFailure({
  code: "EB_GAUGE_DUPLICATE",
  status: 500,
  exitStatus: 2,
  detail: "The gauge {name} is declared twice.",
  remedy: "Declare each gauge once, under a name of its own.",
});

/** @throws Failure EB_GAUGE_NAME, EB_GAUGE_INCOMPLETE, EB_GAUGE_DUPLICATE */
export const assertGauge = ({ name, read, help }: GaugeDeclaration, taken: (name: string) => boolean) => {
  if (!validName.test(name)) throw invalidName({ name });
  // A service in plain JavaScript may leave them out.
  if (typeof read !== "function" || typeof help !== "string") throw incomplete({ name });
  if (taken(name)) throw duplicate({ name });
};
