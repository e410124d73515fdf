import type { ReleaseDetails } from "../api/releases.ts";

/** A state on the way of a release. */
export interface StageProgress {
  stage: ReleaseDetails["stage"];
  progress: "done" | "current" | "ahead";
  /** How long it lasted, or has lasted so far; null if it has not begun. */
  durationMs: number | null;
}

type Given = Pick<ReleaseDetails, "states" | "stage" | "state" | "events">;

/**
 * The way of a release. The time in which it is held counts for the state that it is held in; a release that is taken
 * back was in its last state until the revert began.
 */
export const stagesOf = ({ states, stage, state, events }: Given, nowMs: number): StageProgress[] => {
  const entered = events.filter((event) => event.type === "state");
  const last = states.indexOf(stage);
  const isRunning = !["completed", "reverting", "reverted", "stuck"].includes(state);
  const end = entered.find((event) => event.state === "reverting");
  const beginnings = states.map((each) => {
    const event = entered.find((event) => event.state === each);
    return event ? Date.parse(event.at) : undefined;
  });
  // The plan itself takes no time.
  return states.slice(1).map((each, at): StageProgress => {
    const index = at + 1;
    const beganMs = beginnings[index];
    const nextMs = beginnings.slice(index + 1).find((began) => began !== undefined);
    const endMs = nextMs ?? (end ? Date.parse(end.at) : isRunning ? nowMs : beganMs);
    return {
      stage: each,
      progress: index > last ? "ahead" : index === last && isRunning ? "current" : "done",
      durationMs: beganMs === undefined || endMs === undefined ? null : Math.max(0, endMs - beganMs),
    };
  });
};
