import { PerformanceMetrics } from "@earlybird-ops/platform/monitoring";
import type { Change, Impact, StepState } from "@earlybird-ops/platform/rollback";
import { changes } from "../../delivery/src/changes/index.ts";
import { oldRoutes } from "../../delivery/src/http/old-routes.ts";
import { countTrafficWith } from "../../delivery/src/http/route-traffic.ts";
import { markdownTable } from "./marked-part.ts";
import { measuredMs } from "./measured-steps.ts";
import { placeholder, placeholderDatabase } from "./placeholder-database.ts";

const db = placeholderDatabase();

/** A section for each step, generated from its declaration without a database. */
export const stepProcedures = async (): Promise<string> => {
  recordSampleTraffic();
  const sections: string[] = [];
  for (const change of changes) sections.push(await section(change));
  return sections.join("\n\n");
};

const section = async (change: Change): Promise<string> => {
  const { step, name, title } = change;
  const facts = {
    "Requires for rollback": confirmation(change),
    "Depends on": list(change.requires, "no other step"),
    "Required by": requiredBy(change),
    Duration: duration(change),
    Measured: measured(change),
    "Impact in the dry run": list(grouped(await impactLines(change)), "none"),
    "Checks after rollback": list(await checkNames(change, "rolled_back"), noChecks),
    "Checks after re-apply": list(await checkNames(change, "applied"), noChecks),
    "Parked data": list(await parkedPlaces(change), "none"),
  };
  return [
    `### Step ${step}: \`${name}\``,
    `While it is applied: *${title}.*`,
    Object.entries(facts)
      .map(([label, text]) => `- **${label}**: ${text.replace(/([^.])$/, "$1.")}`)
      .join("\n"),
    partsTable(change),
    commands(change),
  ].join("\n\n");
};

const list = (items: readonly (string | number)[], none: string): string =>
  items.length > 0 ? items.join("; ") : none;

const confirmation = ({ risk, acknowledge }: Change): string => {
  if (acknowledge) return `a reason and \`--acknowledge "${acknowledge}"\` (${risk} risk)`;
  return risk === "high" ? "a reason (high risk)" : `nothing (${risk === "none" ? "no" : risk} risk)`;
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

const requiredBy = ({ step }: Change): string => {
  const direct = changes.filter(({ requires }) => requires.includes(step));
  return direct.length > 0
    ? `${direct.map((change) => change.step).join(", ")}: roll back first, or use \`--cascade\``
    : "no other step";
};

const duration = ({ parts }: Change): string => {
  if (parts.some(({ outside }) => outside))
    return "the time to drop or build its indexes; reads and writes continue";
  if (parts.some(({ prepare }) => prepare))
    return "proportional to the rows written, with progress; reads continue, writes wait";
  const constant = "constant, milliseconds at any table size";
  return parts.some(({ journals }) => journals.length > 0)
    ? `${constant}; re-apply also processes the rows written since the rollback`
    : constant;
};

const measured = ({ step }: Change): string => {
  const times = measuredMs[step];
  if (!times) throw new Error(`step ${step} has no measured duration; run npm run bench -- rollback`);
  return `with one million orders, rollback takes ${inWords(times.rollback)}, re-apply ${inWords(times.reapply)}`;
};

const inWords = (ms: number): string => (ms < 1_000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`);

const impactLines = async (change: Change): Promise<Impact[]> => {
  const lines = (await change.impact?.(db)) ?? [];
  for (const part of change.parts) lines.push(...((await part.probe?.(db, true)) ?? []));
  return lines;
};

/** Lines of the group `a` as `a: one, two`, and more than three of them as `a: …`. */
const grouped = (lines: readonly Impact[]): string[] => {
  const groups = new Map<string, string[]>();
  for (const { label, unit, group, key } of lines) {
    const named = (text: string) => (unit ? `${text} (${unit})` : text);
    if (group == null) groups.set(named(label), []);
    else groups.set(group, [...(groups.get(group) ?? []), named(key ?? label)]);
  }
  return [...groups].map(([group, members]) => {
    if (members.length === 0) return group;
    return `${group}: ${members.length > 3 ? placeholder : members.join(", ")}`;
  });
};

const noChecks = "only the state of the step";

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

/** In rollback order. */
const partsTable = ({ parts }: Change): string =>
  markdownTable(
    ["part", "rollback", "re-apply"],
    [...parts]
      .reverse()
      .flatMap(({ kind, describe }) =>
        describe ? [[`\`${kind}\``, describe.rollback, describe.reapply]] : [],
      ),
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

/** Records requests to old routes: a change lists the traffic only of paths that had some. */
const recordSampleTraffic = (): void => {
  const performance = new PerformanceMetrics();
  for (const { method, from } of oldRoutes.slice(0, 4))
    performance.endpoint(String(method), from).record(200, 1);
  countTrafficWith(performance);
};
