import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { StandingClock } from "../../../../../test/support/clock.ts";
import { createDecisions, down, startOfTime, well } from "../../../../../test/support/decisions.ts";
import { logLines } from "../../../../../test/support/log-lines.ts";
import { makeTemporaryDirectory } from "../../../../../test/support/temporary-directory.ts";

const owner = { pid: 1, started: "1", space: "a machine of long ago" };

test("an unreadable or empty state does not stop the take-over of others, and is logged once", async () => {
  const dataDir = await makeTemporaryDirectory();
  const clock = new StandingClock(startOfTime);
  const before = createDecisions({ dataDir, clock });
  await before.observe(down, down);
  await before.alerts.close();
  const directory = join(dataDir, "alerts", "state");
  // Whatever order the names are listed in, one sorts before and one behind.
  for (const name of ["state-0.json", "state-z.json"]) await mkdir(join(directory, name));
  for (const state of [{}, { incidents: [{ alert: null }] }]) {
    const said = { version: 1, owner, left: true, standings: [], last_told: [], mutes: [], ...state };
    await writeFile(join(directory, `state-${Object.keys(state).length}-a.json`), JSON.stringify(said));
  }

  const { log, lines } = logLines();
  const after = createDecisions({ dataDir, clock, log });
  await after.observe(down, well, well);
  expect(after.words()).toEqual(["resolved DATABASE_DOWN"]);
  await after.pass(60);
  const told = lines.map(({ msg }) => msg);
  expect(told.filter((words) => words === "a saved state of alerts cannot be taken over yet")).toHaveLength(
    2,
  );
  expect((await readdir(join(directory, "set-aside"))).sort()).toEqual(["state-0-a.json", "state-1-a.json"]);
});
