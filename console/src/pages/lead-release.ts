import type { ReleaseBrief } from "../api/releases.ts";
import { duration } from "../format.ts";
import { detailOf, headlineOf, stageNames } from "./release-words.ts";
import type { Lead, Situation } from "./situation.ts";

type Given = Pick<Situation, "release" | "nowMs">;

/** For so long, a release that was reverted by its trigger leads. */
const newsMs = 3_600_000;

/** A release that a trigger takes back or has just taken back, or whose way back is stuck. */
export const triggeredRelease = ({ release, nowMs }: Given): Lead | undefined => {
  if (!release) return undefined;
  const { state, by_trigger, since } = release;
  const isNews = state === "reverted" && nowMs - Date.parse(since) < newsMs;
  const isTriggered = by_trigger && (state === "reverting" || isNews);
  if (state !== "stuck" && !isTriggered) return undefined;
  return {
    ...lead(release, state === "stuck" ? "critical" : state === "reverted" ? "rolled-back" : "error"),
    kicker: `${state === "stuck" ? "Release stuck" : "Release rolled back by its trigger"} for ${age(release, nowMs)}`,
  };
};

/** A release that waits for a person, or for what is away. */
export const heldRelease = ({ release, nowMs }: Given): Lead | undefined =>
  release?.state === "held"
    ? { ...lead(release, "warning"), kicker: `Release held for ${age(release, nowMs)}` }
    : undefined;

/** A release that is on its way. */
export const runningRelease = ({ release, nowMs }: Given): Lead | undefined => {
  if (!release || release.state === "completed" || release.state === "reverted") return undefined;
  return {
    ...lead(release, release.state === "reverting" ? "rolled-back" : "ok"),
    kicker: `Release, ${stageNames[release.stage].toLowerCase()}, for ${age(release, nowMs)}`,
  };
};

const age = ({ since }: ReleaseBrief, nowMs: number): string => duration(nowMs - Date.parse(since));

const lead = (release: ReleaseBrief, status: Lead["status"]): Omit<Lead, "kicker"> => ({
  status,
  headline: headlineOf(release),
  detail: detailOf(release),
  next: {
    ...nextOf(release),
    action: { label: "Open the release", to: "/releases/$id", params: { id: release.id } },
  },
});

const nextOf = ({ state, because, outage }: ReleaseBrief): { title: string; why: string[] } => {
  const why = because === null ? [] : [because];
  if (state === "stuck") return { title: "Correct what stops it, then resume it", why };
  if (state === "held" && outage)
    return {
      title: "Wait, or roll back",
      why: [...why, "It continues by itself when what is missing is back"],
    };
  if (state === "held") return { title: "Continue it or roll it back", why };
  if (state === "reverting") return { title: "Watch it go back", why };
  if (state === "reverted") return { title: "See what was found", why };
  return { title: "See how the new version compares", why };
};
