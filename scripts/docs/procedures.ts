import { PerformanceMetrics } from "earlybird/monitoring";
import type { Change, StepState } from "earlybird/rollback";
import { changes } from "../../delivery/src/changes/index.ts";
import { oldRoutes } from "../../delivery/src/http/old-routes.ts";
import { countTrafficWith } from "../../delivery/src/http/route-traffic.ts";
import { imaginedDatabase, whatever } from "./imagined-database.ts";
import { markdownTable } from "./marked-part.ts";
import { measuredMs } from "./measured-steps.ts";

const db = imaginedDatabase();

/** A section for each step: what its declaration says about rolling it back. Asks no database. */
export const stepProcedures = async (): Promise<string> => {
  imagineTraffic();
  const sections: string[] = [];
  for (const change of changes) sections.push(await section(change));
  return sections.join("\n\n");
};

const section = async (change: Change): Promise<string> => {
  const { step, name, title } = change;
  const facts = {
    Asks: asks(change),
    Needs: list(change.requires, "no other step"),
    "Needed by": neededBy(change),
    Takes: duration(change),
    Measured: measured(change),
    "The dry run tells": list(grouped(await impactLabels(change)), "no number of its own"),
    "Checks after rolling back": list(await checkNames(change, "rolled_back"), noChecks),
    "Checks after re-applying": list(await checkNames(change, "applied"), noChecks),
    "Parked meanwhile": list(await parkedPlaces(change), "nothing that could be purged"),
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

const asks = ({ risk, acknowledge }: Change): string => {
  if (acknowledge) return `a reason and \`--acknowledge "${acknowledge}"\` (${risk} risk)`;
  return risk === "high" ? "a reason (high risk)" : `nothing (${risk === "none" ? "no" : risk} risk)`;
};

/** The step and all that must go before it, lowest first. */
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
    ? `${direct.map((change) => change.step).join(", ")}: first, or along with it by \`--cascade\``
    : "no other step";
};

const duration = ({ parts }: Change): string => {
  if (parts.some(({ outside }) => outside))
    return "as long as dropping or building its indexes does; nobody waits meanwhile";
  if (parts.some(({ prepare }) => prepare))
    return "time for each row it writes, with progress; the service's writers wait meanwhile, its readers do not";
  const constant = "constant time, milliseconds at any size";
  return parts.some(({ journals }) => journals.length > 0)
    ? `${constant}; re-applying also what the rows written meanwhile take`
    : constant;
};

const measured = ({ step }: Change): string => {
  const times = measuredMs[step];
  if (!times) throw new Error(`nobody has measured step ${step}: npm run bench -- rollback`);
  return `at a million orders, rolling back took ${inWords(times.rollback)}, re-applying ${inWords(times.reapply)}`;
};

const inWords = (ms: number): string => (ms < 1_000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`);

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

const noChecks = "none beside the step's own state";

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

/** A request to one of the paths that a change counts the traffic of: it names those only that had any. */
const imagineTraffic = (): void => {
  const performance = new PerformanceMetrics();
  for (const { method, from } of oldRoutes.slice(0, 4))
    performance.endpoint(String(method), from).record(200, 1);
  countTrafficWith(performance);
};
