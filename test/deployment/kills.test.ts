import { afterAll, beforeAll, expect, test } from "vitest";
import { type Kills, type Moment, nameOf, releaseWithKills, takenBack, victims } from "./killed-release.ts";
import { type OwnDatabase, startOwnDatabase } from "./own-database.ts";
import { Production } from "./production.ts";

const settings = { RELEASE_VALIDATION_MINUTES: "0.005,0.01,0.015,0.02,0.025" };
let database: OwnDatabase;
let production: Production;
let target: string;
beforeAll(async () => {
  database = await startOwnDatabase();
  production = await Production.open(settings, database);
  target = await production.install("v2", { version: "2.0.0", steps: true });
}, 120_000);
afterAll(() => production?.close(), 60_000);

const acts = [
  "preflight",
  "preflight of the copy",
  "step 1",
  "start green",
  "smoke green",
  "traffic 100 %",
  "settle",
  "stop blue",
  "step 2",
];
const forth: Moment[] = [...acts, "watching"];
const back: Moment[] = acts.toReversed().map(takenBack);

const some: Kills[] = [
  {
    victim: "conductor",
    moments: ["step 1", "traffic 100 %", "step 2", takenBack("stop blue"), takenBack("step 1")],
    next: "resume",
  },
  { victim: "green", moments: ["traffic 100 %"], next: "resume" },
  { victim: "blue", moments: ["start green", takenBack("step 1")], next: "revert" },
];
/** A preflight without front or database is NO-GO, which ends the release. */
const afterPreflight = forth.slice(2);
/** Each thing at each moment. A kill of green on its way ends the way forth: it has a release for each moment. */
const all: Kills[] = [
  ...victims.map((victim): Kills => ({ victim, moments: [...afterPreflight, ...back], next: "resume" })),
  ...victims.flatMap((victim) =>
    (victim === "green" ? forth : forth.slice(0, 2)).map(
      (moment): Kills => ({ victim, moments: [moment], next: "resume" }),
    ),
  ),
  ...forth.flatMap((moment) =>
    victims.map((victim): Kills => ({ victim, moments: [moment], next: "revert" })),
  ),
];
const isLong = process.env.TEST_LONG !== undefined;
const swept = isLong ? all : some;

test.for(swept.map((kills) => [nameOf(kills), kills] as const))(
  "%s",
  { timeout: 900_000 },
  async ([, kills], { onTestFailed }) => {
    // The next test begins with the old version.
    onTestFailed(async () => {
      if ((await production.report()).state !== "reverted") await production.tell("revert");
      await production.reaches("reverted");
    });
    const { state, killedAt } = await releaseWithKills(production, database, target, kills);
    if (isLong) console.log(`${state}: killed at ${killedAt.join(", ") || "no moment"}`);
    // Some acts are over before anybody can kill something.
    else expect(killedAt).not.toEqual([]);
  },
);
