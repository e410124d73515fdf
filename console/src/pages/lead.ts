import type { Alert, Health } from "../api/queries.ts";
import type { Suspect } from "../api/suspects.ts";
import { duration, type Format, nameOf } from "../format.ts";
import { heldRelease, runningRelease, triggeredRelease } from "./lead-release.ts";
import type { Action, Lead, Situation } from "./situation.ts";

const ranks = { critical: 0, error: 1, warning: 2 } as const;

/** The worst first, and of those the oldest. */
export const byUrgency = (alerts: readonly Alert[]): Alert[] =>
  [...alerts].sort((a, b) => ranks[a.severity] - ranks[b.severity] || (a.fired_at < b.fired_at ? -1 : 1));

/**
 * Decides the lead from the situation. In this order: an interrupted operation, the database away, a release that its
 * trigger takes back, an alert with what moved before it, a release that is held, a step that is rolled back longer than
 * agreed, a broken channel, a release that goes on, a step that is rolled back, nothing.
 */
export const leadOf = (situation: Situation, format: Pick<Format, "count">): Lead =>
  unfinished(situation) ??
  databaseAway(situation) ??
  triggeredRelease(situation) ??
  firing(situation, format) ??
  heldRelease(situation) ??
  rolledBack(situation, format, { isOverdue: true }) ??
  brokenChannel(situation) ??
  runningRelease(situation) ??
  rolledBack(situation, format, { isOverdue: false }) ?? {
    status: "ok",
    kicker: "All is well",
    headline: "Nothing needs you.",
    detail: `No alert fires and all changes are applied. ${databaseAnswers(situation.health.database)}.`,
  };

const sinceOf = (iso: string, nowMs: number) => duration(nowMs - Date.parse(iso));

const unfinished = ({ operation, nowMs }: Situation): Lead | undefined => {
  if (operation?.state !== "interrupted" && operation?.state !== "failed") return undefined;
  const { id, steps, state, requested_by, started_at } = operation;
  return {
    status: "error",
    kicker: `${state === "failed" ? "Failed" : "Interrupted"} ${sinceOf(started_at, nowMs)} ago`,
    headline: `Operation ${id} did not finish.`,
    detail: `${nameOf(requested_by)} started it for ${steps.length === 1 ? "step" : "steps"} ${steps.join(", ")}. Every step is either fully applied or fully rolled back.`,
    next: {
      title: "Resume or abort it",
      why: ["Resuming moves the remaining steps", "Aborting moves the finished steps back"],
      action: { label: `Open operation ${id}`, to: "/operations/$id", params: { id } },
    },
  };
};

const databaseAway = ({ health: { database, reasons } }: Situation): Lead | undefined =>
  database?.status === "unhealthy"
    ? {
        status: "critical",
        kicker: "Database away",
        headline: "The database does not answer.",
        detail: `${reasons[0] ?? "No reason is known"}. There is nothing to undo until it answers.`,
      }
    : undefined;

const firing = (situation: Situation, { count }: Pick<Format, "count">): Lead | undefined => {
  const { health, suspects, nowMs } = situation;
  const alerts = byUrgency(situation.alerts);
  const [worst] = alerts;
  if (!worst) return undefined;
  const others = alerts.length - 1;
  const answers = databaseAnswers(health.database);
  const moves = alerts.flatMap((alert) =>
    (suspects.get(alert.id) ?? []).flatMap((suspect) =>
      wayBack(alert, suspect, { isWorst: alert === worst }),
    ),
  );
  const declared = moves.find(({ suspect }) => suspect.declared);
  return {
    status: worst.severity,
    kicker: `${worst.type} for ${sinceOf(worst.fired_at, nowMs)}`,
    headline: worst.message,
    detail:
      others === 0
        ? `No other alert fires. ${answers}.`
        : `${count(others, "other alert fires", "other alerts fire")}. ${answers}.`,
    next: (declared ?? moves[0])?.next ?? {
      title: "See what was measured, and who was notified",
      why: Object.entries(worst.details).map(([name, value]) => `${name.replaceAll("_", " ")}: ${value}`),
      action: { label: "Open the alert", to: "/alerts/$id", params: { id: worst.id } },
    },
  };
};

/** The way back of a move of one step, or of a release, before an alert, with its evidence; no cause is claimed. */
const wayBack = (
  alert: Alert,
  suspect: Suspect,
  { isWorst }: { isWorst: boolean },
): { suspect: Suspect; next: NonNullable<Lead["next"]> }[] => {
  const why = [...(isWorst ? [] : [`It is about another alert: ${alert.message}`]), ...suspect.evidence];
  if (suspect.kind === "release") {
    const title = `See whether release ${suspect.release} has to do with it`;
    const action: Action = {
      label: "Look at the release",
      to: "/releases/$id",
      params: { id: suspect.release },
    };
    return [{ suspect, next: { title, why, action } }];
  }
  if (suspect.kind !== "operation" || suspect.steps.length !== 1) return [];
  const [step] = suspect.steps;
  const verb = suspect.action === "rollback" ? "redoing" : "undoing";
  const next: Lead["next"] = {
    title: suspect.declared ? `Consider ${verb} step ${step}` : `See whether step ${step} has to do with it`,
    why,
    action: {
      label: `Look at step ${step}`,
      to: "/changes/$step",
      params: { step: String(step) },
      search: { alert: alert.id },
    },
  };
  return [{ suspect, next }];
};

const rolledBack = (
  { steps, nowMs }: Situation,
  { count }: Pick<Format, "count">,
  { isOverdue }: { isOverdue: boolean },
): Lead | undefined => {
  const away = steps.filter(({ state }) => state === "rolled_back");
  const step = isOverdue ? away.find(({ until }) => until !== null && Date.parse(until) < nowMs) : away[0];
  if (!step) return undefined;
  const rest = away.length - 1;
  return {
    status: isOverdue ? "warning" : "rolled-back",
    kicker: isOverdue ? `Overdue by ${sinceOf(String(step.until), nowMs)}` : "Rolled back",
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
};

const brokenChannel = ({ channels, nowMs }: Situation): Lead | undefined => {
  const broken =
    channels.find(({ state }) => state === "broken") ?? channels.find(({ state }) => state === "failing");
  if (!broken) return undefined;
  const { channel, state, reason, since, waiting } = broken;
  const working = channels.filter((each) => each.state === "working").map((each) => each.channel);
  return {
    status: "warning",
    kicker: `Channel ${state} for ${sinceOf(since, nowMs)}`,
    headline: `Alerts do not arrive by ${channel}.`,
    detail: working.length > 0 ? `They arrive by ${working.join(", ")}.` : "No other channel works.",
    next: {
      title: `Find out why ${channel} fails`,
      why: [...(reason ? [reason] : []), ...(waiting > 0 ? [`${waiting} waiting`] : [])],
      action: { label: "See the channels", to: "/alerts", params: {} },
    },
  };
};

const databaseAnswers = (database: Health["database"]): string => {
  if (database?.status === "not_configured") return "The service has no database";
  return database?.response_time_ms == null
    ? "The database was not asked yet"
    : `The database answers in ${database.response_time_ms} ms`;
};
