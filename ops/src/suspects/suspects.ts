import { z } from "zod";
import type { Alert } from "../alerts/index.ts";
import type { ReleaseMove } from "../deployment/index.ts";
import type { InstanceStart } from "../monitoring/index.ts";
import type { Change, RollbackOperation } from "../rollback/index.ts";
import { effectsOn, operationTiming, requestOf, standingTiming } from "./evidence.ts";
import { releaseSuspects } from "./release-evidence.ts";
import { startEvidence } from "./start-evidence.ts";

const common = {
  at: z.iso.datetime().describe("When the operation ended, the instance started, or the traffic moved."),
  evidence: z.array(z.string()).describe("Sentences to judge by; none of them claims a cause."),
  declared: z.boolean().describe("Whether a change declares that it affects this alert."),
};

/** Something that happened before an alert fired. */
export const suspectSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("operation"),
    operation: z.string(),
    action: z.enum(["apply", "rollback", "reapply"]),
    steps: z.array(z.int()),
    ...common,
  }),
  z.object({ kind: z.literal("instance"), instance: z.string(), version: z.string(), ...common }),
  z.object({ kind: z.literal("release"), release: z.string(), version: z.string(), ...common }),
]);
export type Suspect = z.infer<typeof suspectSchema>;

/** The facts near the beginning of an alert. */
export interface Situation {
  alert: Pick<Alert, "type" | "details" | "fired_at">;
  /** The instance that raised the alert. */
  raisedBy: string;
  /** Operations that ran, at least in part, in the time considered. */
  operations: readonly RollbackOperation[];
  /** Rollbacks from before that time whose steps were still rolled back. */
  standing: readonly RollbackOperation[];
  changes: readonly Pick<Change, "step" | "affects" | "whileRolledBack">[];
  /** The starts of instances in the time considered, newest first. */
  starts: readonly InstanceStart[];
  /** Those from before it, newest first. */
  earlier: readonly InstanceStart[];
  /** The moves of traffic by releases in the time considered, newest first. */
  moves?: readonly ReleaseMove[];
  /** The beginning of the time considered. */
  from: Date;
}

const mostHosts = 10;

/** Lists suspects of an alert, those that declare an effect on it first, then the latest. */
export const suspectsOf = (situation: Situation): Suspect[] => {
  const { alert, operations, standing } = situation;
  return [
    ...operations.map((operation) =>
      operationSuspect(situation, operation, operationTiming(operation, alert.fired_at)),
    ),
    ...standing.map((operation) =>
      operationSuspect(situation, operation, standingTiming(operation, alert.fired_at)),
    ),
    ...startSuspects(situation),
    ...releaseSuspects(situation.moves ?? [], alert.fired_at),
  ].sort((a, b) => Number(b.declared) - Number(a.declared) || Date.parse(b.at) - Date.parse(a.at));
};

const operationSuspect = (
  { alert, changes }: Situation,
  operation: RollbackOperation,
  timing: string,
): Suspect => {
  const moved = changes.filter(({ step }) => operation.steps.includes(step));
  const effects = effectsOn(alert, operation, moved);
  return {
    kind: "operation",
    operation: operation.id,
    action: operation.kind,
    steps: operation.steps,
    at: operation.finished_at ?? operation.started_at,
    declared: effects.length > 0,
    evidence: [
      timing,
      ...(effects.length > 0 ? effects : [`It declares no effect on ${alert.type} alerts.`]),
      requestOf(operation),
    ],
  };
};

/** One for each host and version: a process that crashes again and again starts a thousand times. */
const startSuspects = ({ alert, raisedBy, starts, earlier, from }: Situation): Suspect[] => {
  const groups = new Map<string, InstanceStart[]>();
  for (const start of starts) {
    const name = `${start.version} ${start.host}`;
    const known = groups.get(name);
    if (known) known.push(start);
    else groups.set(name, [start]);
  }
  return [...groups.values()].slice(0, mostHosts).flatMap((ofHost) => {
    const [last] = ofHost;
    if (!last) return [];
    return {
      kind: "instance" as const,
      instance: last.name,
      version: last.version,
      at: last.started_at,
      declared: false,
      evidence: [
        ...startEvidence({ ofHost, earlier, from, firedAt: alert.fired_at }),
        ...(last.name === raisedBy ? ["It raised the alert."] : []),
      ],
    };
  });
};
