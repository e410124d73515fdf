import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../ops/src/core/clock.ts";
import { type ActDirection, Journal } from "../../ops/src/deployment/release/journal.ts";
import { journalFile, planRelease, releaseDirectory } from "../../ops/src/deployment/release/release.ts";
import type { CommandName, ReleaseState, Strategy } from "../../ops/src/deployment/release/state.ts";

const artefact = (version: string) => ({ version, directory: `/srv/${version}`, sha256: null });

/** A release of version 2.0.0 after 1.4.0 in a data directory, whose journal the test writes as a conductor does. */
export const writeRelease = async (
  dataDir: string,
  clock: Clock,
  { strategy = "canary" }: { strategy?: Strategy } = {},
) => {
  const release = await planRelease(
    dataDir,
    {
      strategy,
      from: { slot: "blue", artefact: artefact("1.4.0") },
      to: { slot: "green", artefact: artefact("2.0.0") },
      steps: { before: [25], after: [29] },
      requested_by: "Asha",
      origin: "cli host",
      reason: "prices by weight",
      acknowledge: [],
      waivers: [],
    },
    clock,
  );
  const directory = releaseDirectory(dataDir, release.id);
  const journal = await Journal.open(journalFile(dataDir, release.id));
  const now = () => clock.now().toISOString();
  let commands = 0;
  return {
    id: release.id,
    directory,
    /** The time of the clock (ISO 8601). */
    at: now,
    enter: (state: ReleaseState, reason: string | null = null, outage = false) =>
      journal.append({ type: "state", at: now(), state, reason, outage }),
    act: async (
      name: string,
      evidence: string,
      { direction = "do", ok = true, ms = 40 }: { direction?: ActDirection; ok?: boolean; ms?: number } = {},
    ) => {
      await journal.append({ type: "intent", at: now(), act: name, direction });
      await journal.append({
        ...{ type: "outcome", at: now(), act: name },
        ...{ direction, ok, duration_ms: ms, evidence },
      });
    },
    /** As the conductor writes down that it obeys. */
    obey: (command: CommandName, by: string, reason: string) =>
      journal.append({ type: "command", at: now(), id: `command-${++commands}`, command, by, reason }),
    /** A file beside the journal. */
    write: (name: string, content: object) => writeFile(join(directory, name), JSON.stringify(content)),
    close: () => journal.close(),
  };
};

export type ReleaseOnDisk = Awaited<ReturnType<typeof writeRelease>>;
