import type { Alert, Health, Operation, Step } from "../api/queries.ts";
import { duration, type Format } from "../format.ts";

/** What the front page says first. */
export interface Lead {
  status: "ok" | "warning" | "error" | "critical" | "rolled-back";
  /** A few words beside the status, such as `Degraded for 12 min`. */
  kicker: string;
  /** The most important fact, as one sentence. */
  headline: string;
  /** The evidence. */
  detail: string;
  /** The one thing to do next. */
  next?: { title: string; why: string[]; action: Action };
}

export type Action =
  | { label: string; to: "/alerts/$id"; params: { id: string } }
  | { label: string; to: "/changes/$step"; params: { step: string } }
  | { label: string; to: "/changes"; params: Record<string, never> };

export interface Situation {
  health: Health;
  alerts: readonly Alert[];
  steps: readonly Step[];
  operation: Operation | null;
  nowMs: number;
}

const ranks = { critical: 0, error: 1, warning: 2 } as const;

/** The worst alert, the oldest of those. */
const worst = (alerts: readonly Alert[]): Alert | undefined =>
  [...alerts].sort((a, b) => ranks[a.severity] - ranks[b.severity] || (a.fired_at < b.fired_at ? -1 : 1))[0];

/**
 * Decides the lead from the situation. In this order: an interrupted operation, the database away, the worst alert, a step
 * that is rolled back longer than agreed, a step that is rolled back, nothing.
 */
export const leadOf = (
  { health, alerts, steps, operation, nowMs }: Situation,
  { count }: Pick<Format, "count">,
): Lead => {
  const since = (iso: string) => duration(nowMs - Date.parse(iso));
  if (operation && (operation.state === "interrupted" || operation.state === "failed")) {
    const list = operation.steps.join(", ");
    return {
      status: "error",
      kicker: `Interrupted ${since(operation.started_at)} ago`,
      headline: `Operation ${operation.id} did not finish.`,
      detail: `${operation.requested_by} started it for ${operation.steps.length === 1 ? "step" : "steps"} ${list}. Every step is either fully applied or fully rolled back.`,
      next: {
        title: "Resume or abort it",
        why: [
          `npx earlybird resume ${operation.id} moves the remaining steps`,
          `npx earlybird abort ${operation.id} moves the finished steps back`,
        ],
        action: { label: "See the changes", to: "/changes", params: {} },
      },
    };
  }
  const { database, reasons } = health;
  const answers = databaseAnswers(database);
  if (database?.status === "unhealthy") {
    return {
      status: "critical",
      kicker: "Database away",
      headline: "The database does not answer.",
      detail: `${reasons[0] ?? "No reason is known"}. No step can be rolled back until it answers.`,
    };
  }
  const alert = worst(alerts);
  if (alert) {
    const others = alerts.length - 1;
    return {
      status: alert.severity,
      kicker: `${alert.type} for ${since(alert.fired_at)}`,
      headline: alert.message,
      detail:
        others === 0
          ? `No other alert fires. ${answers}.`
          : `${count(others, "other alert fires", "other alerts fire")}. ${answers}.`,
      next: {
        title: "See what was measured, and who was notified",
        why: Object.entries(alert.details).map(([name, value]) => `${name.replaceAll("_", " ")}: ${value}`),
        action: { label: "Open the alert", to: "/alerts/$id", params: { id: alert.id } },
      },
    };
  }
  const rolledBack = steps.filter(({ state }) => state === "rolled_back");
  const overdue = rolledBack.find(({ until }) => until !== null && Date.parse(until) < nowMs);
  const step = overdue ?? rolledBack[0];
  if (step) {
    const rest = rolledBack.length - 1;
    return {
      status: overdue ? "warning" : "rolled-back",
      kicker: overdue ? `Overdue by ${since(String(overdue.until))}` : "Rolled back",
      headline: `Step ${step.step} is rolled back.`,
      detail: `“${step.title}” does not hold.${rest > 0 ? ` ${count(rest, "other step is", "other steps are")} rolled back, too.` : ""} ${count(step.parked_rows, "row is", "rows are")} parked.`,
      next: {
        title: `Re-apply step ${step.step}`,
        why: ["Parked values return bit for bit", "Values written in the meantime are kept"],
        action: {
          label: `Dry-run step ${step.step}`,
          to: "/changes/$step",
          params: { step: String(step.step) },
        },
      },
    };
  }
  return {
    status: "ok",
    kicker: "All is well",
    headline: "Nothing needs you.",
    detail: `No alert fires and all changes are applied. ${answers}.`,
  };
};

const databaseAnswers = (database: Health["database"]): string => {
  if (database?.status === "not_configured") return "The service has no database";
  return database?.response_time_ms == null
    ? "The database was not asked yet"
    : `The database answers in ${database.response_time_ms} ms`;
};
