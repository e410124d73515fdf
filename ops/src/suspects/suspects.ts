import { z } from "zod";
import type { Alert } from "../alerts/index.ts";
import type { Instance } from "../monitoring/index.ts";
import type { Change, RollbackOperation } from "../rollback/index.ts";
import { effectsOn, instanceTiming, operationTiming, requestOf } from "./evidence.ts";

const common = {
  at: z.iso.datetime().describe("When the operation ended, or the instance started."),
  evidence: z.array(z.string()).describe("Sentences to judge by; none of them claims a cause."),
  declared: z.boolean().describe("Whether a change declares that it affects this alert."),
};

/** Something that happened shortly before an alert fired. */
export const suspectSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("operation"),
    operation: z.string(),
    action: z.enum(["apply", "rollback", "reapply"]),
    steps: z.array(z.int()),
    ...common,
  }),
  z.object({ kind: z.literal("instance"), instance: z.string(), version: z.string(), ...common }),
]);
export type Suspect = z.infer<typeof suspectSchema>;

/** The facts near the beginning of an alert. */
export interface Situation {
  alert: Pick<Alert, "type" | "details" | "fired_at">;
  /** The instance that raised the alert. */
  raisedBy: string;
  /** Operations that ran, at least in part, in the time considered. */
  operations: readonly RollbackOperation[];
  changes: readonly Pick<Change, "step" | "affects" | "whileRolledBack">[];
  /** The live instances. */
  instances: readonly Instance[];
  /** The beginning of the time considered. */
  from: Date;
}

/** Lists suspects of an alert, those that declare an effect on it first, then the latest. */
export const suspectsOf = (situation: Situation): Suspect[] =>
  [...operationSuspects(situation), ...instanceSuspects(situation)].sort(
    (a, b) => Number(b.declared) - Number(a.declared) || Date.parse(b.at) - Date.parse(a.at),
  );

const operationSuspects = ({ alert, operations, changes }: Situation): Suspect[] =>
  operations.map((operation) => {
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
        operationTiming(operation, alert.fired_at),
        ...(effects.length > 0 ? effects : [`It declares no effect on ${alert.type} alerts.`]),
        requestOf(operation),
      ],
    };
  });

const instanceSuspects = ({ alert, raisedBy, instances, from }: Situation): Suspect[] =>
  instances
    .filter(({ started_at }) => started_at >= from.toISOString() && started_at <= alert.fired_at)
    .map((started) => {
      const name = `${started.host} (process ${started.pid})`;
      const earlier = instances.filter(({ started_at }) => started_at < from.toISOString());
      const versions = [...new Set(earlier.map(({ version }) => version))].sort();
      return {
        kind: "instance",
        instance: name,
        version: started.version,
        at: started.started_at,
        declared: false,
        evidence: [
          instanceTiming(name, started, alert.fired_at),
          ...(versions.length > 0 ? [`Instances that started earlier run ${versions.join(" and ")}.`] : []),
          ...(name === raisedBy ? ["It raised the alert."] : []),
        ],
      };
    });
