import type { Explained } from "../api/alerts.ts";
import { duration, nameOf } from "../format.ts";

/** Something that happened to an alert. */
export interface TimelineEntry {
  at: string;
  what: string;
  /** Why, or the answer of the other side. */
  more: string;
}

/** Decisions of the server for people. */
const decided: Readonly<Record<string, string>> = {
  told: "notified",
  told_elsewhere: "notified by another instance",
  never_told: "not notified",
  waits_for_cause: "waits for a cause",
  waits_for_turn: "waits for another instance",
};

const words: Readonly<Record<string, string>> = {
  accepted: "accepted it",
  try_again: "did not take it, and is tried again",
  refused: "refused it",
  given_up: "was given up",
};

/** What happened to an alert, in order: its beginning, each decision, each attempt to notify, and its end. */
export const timelineOf = ({ alert, decisions, channels }: Explained): TimelineEntry[] => {
  const { fired_at, resolved_at, acknowledged } = alert;
  const entries: TimelineEntry[] = [
    { at: fired_at, what: "It began to fire", more: "" },
    ...decisions.map(({ at, occasion, decision, why }) => ({
      at,
      what: `${occasion}: ${decided[decision] ?? decision}`,
      more: why,
    })),
    ...channels.flatMap(({ channel, attempts }) =>
      attempts.map(({ at, outcome, answer, attempt }) => ({
        at,
        what: `${channel} ${words[outcome] ?? outcome}${attempt > 1 ? `, attempt ${attempt}` : ""}`,
        more: answer ?? "",
      })),
    ),
    ...(acknowledged
      ? [
          {
            at: acknowledged.at,
            what: `Acknowledged by ${nameOf(acknowledged.by)}`,
            more: acknowledged.note ?? "",
          },
        ]
      : []),
    ...(resolved_at
      ? [
          {
            at: resolved_at,
            what: `Resolved after ${duration(Date.parse(resolved_at) - Date.parse(fired_at))}`,
            more: "",
          },
        ]
      : []),
  ];
  return entries.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
};
