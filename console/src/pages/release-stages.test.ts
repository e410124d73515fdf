import { expect, test } from "vitest";
import type { ReleaseDetails } from "../api/releases.ts";
import { stagesOf } from "./release-stages.ts";

const at = (minute: number) => `2026-01-05T04:${String(minute).padStart(2, "0")}:00.000Z`;
const nowMs = Date.parse(at(30));
const entered = (state: ReleaseDetails["state"], minute: number) =>
  ({ type: "state", at: at(minute), state, reason: null, outage: false }) as const;
const states: ReleaseDetails["states"] = ["planned", "preflight", "phase_1", "phase_10", "completed"];
const running = [entered("preflight", 0), entered("phase_1", 5), entered("phase_10", 15)];

test.each<[string, Partial<ReleaseDetails>, string[]]>([
  ["that goes on", {}, ["done 5", "done 10", "current 15", "ahead"]],
  [
    "that is held: the time counts for its phase",
    { state: "held", events: [...running, entered("held", 20)] },
    ["done 5", "done 10", "current 15", "ahead"],
  ],
  [
    "that was held and continued",
    { events: [...running, entered("held", 20), entered("phase_10", 25)] },
    ["done 5", "done 10", "current 15", "ahead"],
  ],
  [
    "that is taken back: its last phase lasted until then",
    { state: "reverting", events: [...running, entered("reverting", 18)] },
    ["done 5", "done 10", "done 3", "ahead"],
  ],
  [
    "that is completed",
    { state: "completed", stage: "completed", events: [...running, entered("completed", 25)] },
    ["done 5", "done 10", "done 10", "done 0"],
  ],
  ["that has only been planned", { stage: "planned", events: [] }, ["ahead", "ahead", "ahead", "ahead"]],
])("the way of a release %s", (_, difference, expected) => {
  const given = { states, stage: "phase_10", state: "phase_10", events: running, ...difference } as const;
  const shown = stagesOf(given, nowMs).map(
    ({ progress, durationMs }) => `${progress}${durationMs === null ? "" : ` ${durationMs / 60_000}`}`,
  );
  expect(shown).toEqual(expected);
});
