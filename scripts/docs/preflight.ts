import { checks } from "../../ops/src/deployment/preflight/index.ts";
import { markdownTable } from "./marked-part.ts";

const minuteMs = 60_000;
const hourMs = 3_600_000;

/** A row for each check of the preflight. */
export const preflightTable = (): string =>
  markdownTable(
    ["check", "group", "name", "GO if", "can be waived", "holds for"],
    checks.map(({ number, group, name, asks, waivable, validForMs }) => [
      String(number),
      group,
      name,
      asks,
      waivable ? "yes" : "no",
      validForMs < 2 * hourMs ? `${validForMs / minuteMs} min` : `${validForMs / hourMs} h`,
    ]),
  );

/** A row for each group of checks, with their numbers and names. */
export const preflightGroupTable = (): string => {
  const groups = [...new Set(checks.map(({ group }) => group))];
  return markdownTable(
    ["group", "checks"],
    groups.map((group) => [
      group,
      checks
        .filter((check) => check.group === group)
        .map(({ number, name }) => `${number} ${name}`)
        .join(", "),
    ]),
  );
};
