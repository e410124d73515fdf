import type { FollowersReport, Impact, StepReport } from "../rollback/index.ts";
import { bold, dim, duration, green, number, red, yellow } from "./output.ts";

const shownImpacts = 8;

/** A step's receipt as a person reads it: what moved, what it means, what was checked. */
export const receiptText = (receipt: StepReport): string => {
  const { step, title, risk, rows, followers, impact, warnings, blocked_by, checks, duration_ms } = receipt;
  const rest = impact.length - shownImpacts;
  const failed = checks.filter(({ ok }) => !ok);
  return [
    `${bold(`Step ${step}`)}  ${title}  ${dim(`${risk} risk, ${duration(duration_ms)}`)}`,
    ...rows.map(({ table, action, rows: count }) => `  ${number(count)} rows of ${table} ${action}`),
    ...(followers ? [followersText(followers)] : []),
    ...impact.slice(0, shownImpacts).map(impactText),
    ...(rest > 0 ? [dim(`  ... and ${rest} more lines of impact: see --json`)] : []),
    ...warnings.map((warning) => yellow(`  warning: ${warning}`)),
    ...blocked_by.map((obstacle) => red(`  blocked: ${obstacle}`)),
    ...failed.map(({ name, detail }) => red(`  check failed: ${name} (${detail})`)),
    ...(checks.length > 0 && failed.length === 0 ? [green(`  ${checks.length} checks hold`)] : []),
  ].join("\n");
};

const followersText = ({ living, following, last_after_ms, missing }: FollowersReport): string => {
  const after = last_after_ms === null ? "" : `, the last after ${duration(last_after_ms)}`;
  const text = `  ${following} of ${living} instances follow${after}`;
  if (missing.length === 0) return text;
  return yellow(`${text}; no response from ${missing.join(", ")}, which treats every step as applied`);
};

/** The receipt of a dry run: also what the real run will ask for. */
export const planText = (receipt: StepReport): string =>
  receipt.acknowledge
    ? `${receiptText(receipt)}\n  requires ${bold(`--acknowledge "${receipt.acknowledge}"`)}`
    : receiptText(receipt);

const impactText = ({ label, value, unit }: Impact): string => {
  if (unit === "paise") return `  ${label}: ₹${number(Number(value) / 100)}`;
  return `  ${label}: ${typeof value === "number" ? number(value) : value} ${unit}`;
};
