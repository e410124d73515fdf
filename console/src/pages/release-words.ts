import type { ReleaseBrief, ReleaseCommand, ReleaseState } from "../api/releases.ts";
import type { IconName } from "../ui/icon.tsx";

/** What a release does now, as one sentence. */
export const headlineOf = ({
  state,
  stage,
  to,
  from,
  new_percent,
}: Pick<ReleaseBrief, "state" | "stage" | "to" | "from" | "new_percent">): string => {
  switch (state) {
    case "planned":
      return `The release of version ${to} is planned.`;
    case "preflight":
    case "backing_up":
    case "rehearsing":
      return `Version ${to} is being checked.`;
    case "expanding":
      return `The database is being prepared for version ${to}.`;
    case "starting":
    case "warming":
      return `Version ${to} is starting.`;
    case "phase_1":
    case "phase_10":
    case "phase_50":
      return `Version ${to} has ${new_percent} % of the clients.`;
    case "switched":
    case "watching":
    case "contracting":
      return new_percent === 100
        ? `Version ${to} has all clients.`
        : `Version ${to} has ${new_percent} % of the clients.`;
    case "completed":
      return `Version ${to} is released.`;
    case "held":
      return `The release of version ${to} is held at ${stageNames[stage].toLowerCase()}.`;
    case "reverting":
      return `The service is going back to version ${from}.`;
    case "reverted":
      return `The service is back on version ${from}.`;
    case "stuck":
      return `The revert to version ${from} is stuck.`;
  }
};

/** Short names of the states that a release passes. */
export const stageNames: Record<ReleaseBrief["stage"], string> = {
  planned: "Planned",
  preflight: "Preflight",
  backing_up: "Backup",
  rehearsing: "Rehearsal",
  expanding: "Expand",
  starting: "Start",
  warming: "Smoke test",
  phase_1: "1 %",
  phase_10: "10 %",
  phase_50: "50 %",
  switched: "100 %",
  watching: "Watch",
  contracting: "Contract",
  completed: "Completed",
};

/** `held`, `backing up`, `phase of 10 %`. */
export const stateWord = (state: ReleaseState): string =>
  state.replace(/^phase_(\d+)$/, "phase of $1 %").replaceAll("_", " ");

export const releaseIcon = (state: ReleaseState): IconName => {
  if (state === "completed") return "ok";
  if (state === "held") return "warning";
  if (state === "stuck") return "critical";
  return state === "reverting" || state === "reverted" ? "rolled-back" : "start";
};

/** The commands as buttons say them, and what each does. */
export const commandWords: Record<ReleaseCommand, { label: string; title: string; what: string }> = {
  hold: {
    label: "Hold",
    title: "Hold the release",
    what: "It stops before its next state. Triggers that roll back still count.",
  },
  advance: {
    label: "Go on",
    title: "Continue the release",
    what: "It goes on from the state in which it is held. If the judge holds it, it goes past this judgement.",
  },
  accept: {
    label: "Accept",
    title: "Accept the release",
    what: "It settles what the validation cannot know by itself. Checks that fail still roll back.",
  },
  ack: {
    label: "Acknowledge",
    title: "Acknowledge the release",
    what: "You say that you are on call for it.",
  },
  revert: {
    label: "Roll back now",
    title: "Roll back now",
    what: "Traffic goes back first, then everything is undone in reverse order. Values are parked, none is lost.",
  },
};

/** Whether a release needs nobody any more. */
export const isOver = (state: ReleaseState): boolean => state === "completed" || state === "reverted";

/** What stands below the headline: which version serves the clients, unless the headline says so. */
export const detailOf = (release: Parameters<typeof headlineOf>[0]): string => {
  const { state, from } = release;
  if (state.startsWith("phase_")) return `Version ${from} serves the others.`;
  if (state === "switched" || state === "watching") return `Version ${from} can take over again.`;
  return state === "contracting" ? `Version ${from} is being stopped.` : servingOf(release);
};

/** What serves the clients, as a sentence. */
export const servingOf = ({
  from,
  to,
  new_percent: percent,
}: Pick<ReleaseBrief, "from" | "to" | "new_percent">): string => {
  if (percent === 0) return `Version ${from} serves all clients.`;
  if (percent === 100) return `Version ${to} serves all clients.`;
  return `Version ${to} serves ${percent} % of the clients, version ${from} the others.`;
};
