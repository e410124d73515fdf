import { z } from "zod";
import { systemClock } from "../../ops/src/core/clock.ts";
import { validationPhases } from "../../ops/src/deployment/validation/index.ts";
import { releasePlanFrom, releaseSettings } from "../../ops/src/settings/release-settings.ts";
import { markdownTable } from "./marked-part.ts";

interface Meaning {
  success: string;
  fail: string;
  unknown: string;
}

/** By phase and check, or by check if it means the same in each phase. */
const meanings: Record<string, Meaning> = {
  health: {
    success: "`/readyz` of the new version answers",
    fail: "three looks in a row find it unready",
    unknown: "one or two looks do, or the database is away, too",
  },
  steps: {
    success: "the checks of the release's steps hold",
    fail: "one fails",
    unknown: "the database is away",
  },
  journeys: {
    success: "the smoke suite of the new version succeeds",
    fail: "a journey fails",
    unknown: "a journey fails while the database is away",
  },
  "lost requests": {
    success: "every request since the switch got a response",
    fail: "one got none",
    unknown: "the switch counts none: HAProxy, command",
  },
  control: {
    success: "the clients of the new version fare no worse than the 2 % of the old one at the same time",
    fail: "the judge finds that they fare worse",
    unknown: "there is nothing to compare, as with `blue-green`, HAProxy and a command; a person accepts",
  },
  "last week": {
    success: "p95 of the last full hour is at most 1.25 times that of a week before, plus 10 ms",
    fail: "never",
    unknown: "it is more, or there is no such hour yet",
  },
  "performance: memory": {
    success: "the memory of the new version grows by less than 20 %",
    fail: "it grows steadily, watched for half of the time until the phase ends",
    unknown: "it grows, but is not watched for so long, or there are too few measurements",
  },
  drill: {
    success: "every alert fires, notifies and ends in a drill; the channels get one message",
    fail: "an alert does not fire, notify or end",
    unknown: "a channel does not accept the message, or only the log is set up; tried again after an hour",
  },
  figures: {
    success: "orders and bills are as on the same weekday before",
    fail: "never",
    unknown: "the service has no figures to compare",
  },
  acceptance: {
    success: "a person accepts: `release accept`",
    fail: "never",
    unknown: "nobody has accepted",
  },
  mornings: {
    success: "two mornings, 04:00 to 08:00 in `BUSINESS_TIME_ZONE`, were watched as a whole",
    fail: "never",
    unknown: "fewer were, and the phase has room for them",
  },
  "stability: memory": {
    success: "over whole days, the memory grows by less than 20 %",
    fail: "it grows steadily",
    unknown: "there are too few measurements, or they show no trend",
  },
  latency: {
    success: "over whole days, p95 grows by less than a half, or than 20 ms",
    fail: "it grows steadily, for a day or longer",
    unknown: "it grows, and less than a day was watched; or there are too few measurements",
  },
  ledger: {
    success: "the chain of the ledger is intact",
    fail: "it is not",
    unknown: "the database is away",
  },
  backup: {
    success: "a backup was made and restored after the switch",
    fail: "never",
    unknown: "none was: `backup create --verify`",
  },
};

/** A row for each check of the validation, phase by phase. */
export const validationTable = (): string => {
  const { validationMs } = releasePlanFrom(z.object(releaseSettings).parse({}));
  const phases = validationPhases({ validationMs } as never, systemClock);
  const used = new Set<string>();
  const meaningOf = (key: string): Meaning | undefined => {
    if (meanings[key]) used.add(key);
    return meanings[key];
  };
  const inAll = new Set(
    phases[0]?.checks
      .map(({ name }) => name)
      .filter((name) => phases.every(({ checks }) => checks.some((check) => check.name === name))),
  );
  const row = (phase: string, name: string): string[] => {
    const found = meaningOf(`${phase}: ${name}`) ?? meaningOf(name);
    if (!found) throw new Error(`the check ${name} of the phase ${phase} is not described`);
    return [phase, name, found.success, found.fail, found.unknown];
  };
  const rows = [
    ...[...inAll].map((name) => row("each", name)),
    ...phases.flatMap(({ name: phase, endsAfterMs, checks }) =>
      checks
        .filter(({ name }) => !inAll.has(name))
        .map(({ name }) => {
          const [, ...cells] = row(phase, name);
          return [`${phase}, until ${spanOf(endsAfterMs)}`, ...cells];
        }),
    ),
  ];
  const unused = Object.keys(meanings).filter((key) => !used.has(key));
  if (unused.length > 0) throw new Error(`no phase has the check ${unused.join(", ")}`);
  return markdownTable(["phase", "check", "SUCCESS if", "FAIL if", "UNKNOWN if"], rows);
};

const minuteMs = 60_000;

const spanOf = (ms: number): string =>
  ms < 120 * minuteMs ? `${ms / minuteMs} min` : `${ms / (60 * minuteMs)} h`;
