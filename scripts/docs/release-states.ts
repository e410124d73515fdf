import { stagesOf } from "../../ops/src/deployment/release/stages.ts";
import {
  commandNameSchema,
  isAllowed,
  type ReleaseState,
  releaseStateSchema,
} from "../../ops/src/deployment/release/state.ts";
import { markdownTable } from "./marked-part.ts";

const meanings: Record<ReleaseState, string> = {
  planned: "Nothing has happened.",
  preflight: "The checks that need neither a copy nor the new version.",
  backing_up: "A backup is made and restored.",
  rehearsing: "The release is carried out and reverted on the restored copy.",
  expanding: "The steps before the switch.",
  starting: "The new version starts, without clients.",
  warming: "The new version is tried, still without clients.",
  phase_1: "1 % of the clients; the judge compares.",
  phase_10: "10 % of the clients; the judge compares.",
  phase_50: "50 % of the clients; the judge compares.",
  switched: "The new version serves; what the old one wrote since its steps is filled.",
  watching: "The validation, five phases.",
  contracting: "The old version stops, then the steps after the switch.",
  completed: "The end. It can still be reverted.",
  held: "Waits for a person, or for the end of an outage. Triggers still revert it.",
  reverting: "Everything is taken back, the last act first.",
  reverted: "The end: everything is as before, with the values of the steps parked.",
  stuck: "An act cannot be taken back. Correct the cause, then resume or revert.",
};

const actsOf = (state: ReleaseState): string => {
  const stage = stages.find((each) => each.state === state);
  return (stage?.acts ?? []).map(({ name, undo }) => (undo ? `${name} ↩` : name)).join(", ");
};

const version = (slot: "blue" | "green") => ({
  slot,
  artefact: { version: "", directory: "/", sha256: null },
});

// No act is done, so the world can be empty.
const stages = stagesOf(
  {
    id: "20260101-1",
    strategy: "canary",
    from: version("blue"),
    to: version("green"),
    steps: { before: [31], after: [32] },
    acknowledge: [],
    waivers: [],
    requested_by: "",
    origin: "",
    reason: "",
    planned_at: "2026-01-01T00:00:00.000Z",
  },
  { slots: {}, steps: {} } as Parameters<typeof stagesOf>[1],
  async () => 0,
);

/** A row for each state of a release, with its acts and the commands that people can send in it. */
export const releaseStateTable = (): string =>
  markdownTable(
    ["state", "what happens", "acts", "commands"],
    releaseStateSchema.options.map((state) => [
      `\`${state}\``,
      meanings[state],
      actsOf(state),
      commandNameSchema.options
        .filter((command) => isAllowed(command, state))
        .map((command) => `\`${command}\``)
        .join(", "),
    ]),
  );
