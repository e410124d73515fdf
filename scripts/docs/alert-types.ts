import { AlertType, defaultThresholds, raisedTypes, rules } from "@earlybird-ops/platform/alerts";
import { advice } from "../../ops/src/alerts/message/advice.ts";
import { settingsReference } from "../../ops/src/settings/settings.ts";
import { markdownTable } from "./marked-part.ts";

/** A row for each alert type: its default condition, its settings, and when it ends. */
export const alertTypeTable = (): string => {
  const watched = rules.map(({ type, severity, condition }) => [
    code(type),
    severity,
    condition(defaultThresholds),
    settingsOf(type),
    "when the condition no longer holds",
  ]);
  const raised = Object.entries(raisedTypes).map(([type, { severity, means, quietMs }]) => [
    code(type),
    severity,
    means,
    settingsOf(type),
    quietMs === null
      ? "when it is resolved by a caller"
      : `after ${quietMs / 60_000} min without being raised again`,
  ]);
  const rows = [...watched, ...raised];
  const order = Object.values<string>(AlertType).map(code);
  rows.sort(([one = ""], [other = ""]) => order.indexOf(one) - order.indexOf(other));
  return markdownTable(["type", "severity", "fires when", "settings", "ends"], rows);
};

/** A row for each alert type: what it means for users, and what to do. */
export const adviceTable = (): string =>
  markdownTable(
    ["type", "means", "what to do"],
    Object.entries(advice).map(([type, { impact, action }]) => [code(type), impact, action]),
  );

/** The description of a setting for an alert type begins with that type. */
const settingsOf = (type: string): string =>
  settingsReference()
    .filter(({ description }) => description.startsWith(`${type}:`))
    .map(({ name }) => code(name))
    .join(", ");

const code = (text: string) => `\`${text}\``;
