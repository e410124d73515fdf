import { PerformanceMetrics } from "earlybird/monitoring";
import type { Change, StepState } from "earlybird/rollback";
import { changes } from "../../delivery/src/changes/index.ts";
import { oldRoutes } from "../../delivery/src/http/old-routes.ts";
import { countTrafficWith } from "../../delivery/src/http/route-traffic.ts";
import { imaginedDatabase, whatever } from "./imagined-database.ts";
import { markdownTable } from "./marked-part.ts";
import { measuredMs } from "./measured-steps.ts";

const db = imaginedDatabase();

/** A section for each step, rendered from its declaration without a database. */
export const stepProcedures = async (): Promise<string> => {
  imagineTraffic();
  const sections: string[] = [];
  for (const change of changes) sections.push(await section(change));
  return sections.join("\n\n");
};

const section = async (change: Change): Promise<string> => {
  const { step, name, title } = change;
  const facts = {
    Confirmation: asks(change),
    Requires: list(change.requires, "none"),
    "Required by": neededBy(change),
    Duration: duration(change),
    Measured: measured(change),
    "Impact in the dry run": list(grouped(await impactLabels(change)), "none"),
    "Checks after rolling back": list(await checkNames(change, "rolled_back"), noChecks),
    "Checks after re-applying": list(await checkNames(change, "applied"), noChecks),
    "Parked values": list(await parkedPlaces(change), "none that can be purged"),
  };
  return [
    `### Step ${step}: \`${name}\``,
    `While applied: *${title}.*`,
    Object.entries(facts)
      .map(([label, text]) => `- **${label}**: ${text.replace(/([^.])$/, "$1.")}`)
      .join("\n"),
    partsTable(change),
    commands(change),
  ].join("\n\n");
};

const list = (items: readonly (string | number)[], none: string): string =>
  items.length > 0 ? items.join("; ") : none;

const asks = ({ risk, acknowledge }: Change): string => {
  if (acknowledge) return `a reason and \`--acknowledge "${acknowledge}"\` (${risk} risk)`;
  return risk === "high" ? "a reason (high risk)" : `none (${risk === "none" ? "no" : risk} risk)`;
};

/** The step and all steps that depend on it, lowest first. */
const withDependents = (step: number): Change[] => {
  const moving = new Set([step]);
  // Sorted by step, and a change requires lower ones only.
  for (const change of changes) {
    if (change.requires.some((required) => moving.has(required))) moving.add(change.step);
  }
  return changes.filter((change) => moving.has(change.step));
};

const neededBy = ({ step }: Change): string => {
  const direct = changes.filter(({ requires }) => requires.includes(step));
  return direct.length > 0
    ? `${direct.map((change) => change.step).join(", ")}; roll these back first, or add \`--cascade\``
    : "none";
};

const duration = ({ parts }: Change): string => {
  if (parts.some(({ outside }) => outside))
    return "the time to drop or build its indexes; reads and writes continue";
  if (parts.some(({ prepare }) => prepare))
    return "proportional to the rows that it writes, with progress; writers wait, readers do not";
  const constant = "constant, milliseconds at any size";
  return parts.some(({ journals }) => journals.length > 0)
    ? `${constant}; re-applying also processes rows written in the meantime`
    : constant;
};

const measured = ({ step }: Change): string => {
  const times = measuredMs[step];
  if (!times) throw new Error(`step ${step} has no measurement: run npm run bench -- rollback`);
  return `${withUnit(times.rollback)} to roll back and ${withUnit(times.reapply)} to re-apply, with a million orders`;
};

const withUnit = (ms: number): string => (ms < 1_000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`);

const impactLabels = async (change: Change): Promise<string[]> => {
  const lines = (await change.impact?.(db)) ?? [];
  for (const part of change.parts) lines.push(...((await part.probe?.(db, true)) ?? []));
  return lines.map(({ label, unit }) => (unit ? `${label} (${unit})` : label));
};

/** `a: one`, `a: two` as `a: one, two`, and more than three of them as `a: …`. */
const grouped = (labels: readonly string[]): string[] => {
  const groups = new Map<string, string[]>();
  for (const label of labels) {
    const [group = "", ...rest] = label.split(": ");
    groups.set(group, [...(groups.get(group) ?? []), ...(rest.length > 0 ? [rest.join(": ")] : [])]);
  }
  return [...groups].map(([group, members]) => {
    if (members.length === 0) return group;
    return `${group}: ${members.length > 3 ? whatever : members.join(", ")}`;
  });
};

const noChecks = "only the step's own state";

const checkNames = async (change: Change, state: StepState): Promise<string[]> => {
  const checks = [];
  for (const part of change.parts) checks.push(...(await part.check(db, change.step, state)));
  checks.push(...((await change.verify?.(db, state)) ?? []));
  return checks.map(({ name }) => name);
};

const parkedPlaces = async ({ step, parts }: Change): Promise<string[]> => {
  const places = [];
  for (const part of parts) places.push(...((await part.parked?.(db, step)) ?? []));
  return places.map(({ place }) => `\`${place}\``);
};

/** In the order of rolling back. */
const partsTable = ({ parts }: Change): string =>
  markdownTable(
    ["part", "rolling back", "re-applying"],
    [...parts]
      .reverse()
      .flatMap(({ kind, says }) => (says ? [[`\`${kind}\``, says.rollback, says.reapply]] : [])),
  );

const commands = ({ step }: Change): string => {
  const moving = withDependents(step);
  const cascade = moving.length > 1 ? " --cascade" : "";
  const phrases = moving.flatMap(({ acknowledge }) =>
    acknowledge ? [` --acknowledge "${acknowledge}"`] : [],
  );
  const steps = moving.map((change) => change.step).join(" ");
  return [
    "```sh",
    `npx earlybird rollback ${step}${cascade} --dry-run`,
    `npx earlybird rollback ${step}${cascade} --reason "why"${phrases.join("")}`,
    moving.length > 1
      ? `for step in ${steps}; do npx earlybird reapply $step; done`
      : `npx earlybird reapply ${step}`,
    "```",
  ].join("\n");
};

/** A request to one of the paths that a change counts the traffic of: it names those only that had any. */
const imagineTraffic = (): void => {
  const performance = new PerformanceMetrics();
  for (const { method, from } of oldRoutes.slice(0, 4))
    performance.endpoint(String(method), from).record(200, 1);
  countTrafficWith(performance);
};
