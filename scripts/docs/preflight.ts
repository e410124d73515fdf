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
