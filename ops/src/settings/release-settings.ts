import { z } from "zod";
import { text } from "./validators.ts";

const minuteMs = 60_000;
/** A month: a watch that is longer was meant in other units. */
const mostMinutes = 43_200;

const readMs = (list: string): number[] =>
  list.split(",").map((each) => (each.trim() === "" ? Number.NaN : Math.round(Number(each) * minuteMs)));

const minutes = (count: number) =>
  z.string().refine((list) => {
    const times = readMs(list);
    return times.length === count && times.every((ms) => ms > 0 && ms <= mostMinutes * minuteMs);
  }, `must be ${count} numbers of minutes above 0, separated by commas`);

const readShares = (list: string): number[] =>
  list.split(",").map((each) => (each.trim() === "" ? Number.NaN : Number(each) / 100));

const percents = (count: number) =>
  z.string().refine((list) => {
    const shares = readShares(list);
    return shares.length === count && shares.every((share) => share > 0 && share < 1);
  }, `must be ${count} percentages above 0 and below 100, separated by commas`);

const ascendingMinutes = (count: number) =>
  minutes(count).refine((list) => {
    const times = readMs(list);
    return times.every((ms, at) => at === 0 || !(ms <= (times[at - 1] ?? 0)));
  }, "must ascend: each number counts from the switch");

const serverPattern = /^blue=([^\s,=/]+\/[^\s,=/]+),\s*green=([^\s,=/]+\/[^\s,=/]+)$/;

const readServers = (servers: string): Record<"blue" | "green", string> => {
  const [, blue = "", green = ""] = serverPattern.exec(servers) ?? [];
  return { blue, green };
};

const haproxyServers = z
  .string()
  .regex(serverPattern, "must look like blue=backend/server,green=backend/server")
  .refine((servers) => {
    const { blue, green } = readServers(servers);
    return blue === "" || blue !== green;
  }, "must name two different servers");

/** The settings for releases. {@link releasePlanFrom} reads them. */
export const releaseSettings = {
  RELEASE_PHASE_MINUTES: minutes(3)
    .default("5,15,30")
    .describe(
      "minutes that a release stays at least at 1 %, 10 % and 50 % of the clients; decimals are allowed",
    ),
  RELEASE_DEADLINE_MINUTES: minutes(3)
    .default("60,120,240")
    .describe("minutes after which a phase that has not passed holds the release"),
  RELEASE_PHASE_MARGIN_PERCENT: percents(3)
    .default("2,1,0.5")
    .describe(
      "by how much more of its clients the new version may fail at most, to pass at 1 %, 10 % and 50 %; a smaller margin needs more clients",
    ),
  RELEASE_VALIDATION_MINUTES: ascendingMinutes(5)
    .default("15,120,360,1440,4320")
    .describe("minutes after the switch at which the five phases of the validation end"),
  TRAFFIC_SWITCH: z
    .enum(["front", "haproxy", "command"], "must be front, haproxy or command")
    .default("front")
    .describe("what divides the traffic between two versions: EarlyBird's front, HAProxy or a command"),
  HAPROXY_SOCKET: text
    .optional()
    .describe("runtime socket of HAProxy: `stats socket <path> level admin` in its configuration"),
  HAPROXY_SERVERS: haproxyServers
    .optional()
    .describe("HAProxy's servers of the two versions, such as `blue=milk/blue,green=milk/green`"),
  TRAFFIC_COMMAND: text
    .optional()
    .describe("command that moves the traffic: it reads JSON from stdin and answers with JSON"),
};

type ReleaseSettings = Readonly<z.infer<z.ZodObject<typeof releaseSettings>>>;

/** What divides the traffic. */
export type TrafficChoice =
  | { kind: "front" }
  | { kind: "haproxy"; socketPath: string; servers: Readonly<Record<"blue" | "green", string>> }
  | { kind: "command"; command: string };

export interface ReleasePlan {
  /** How long a release stays at least at 1 %, 10 % and 50 % of the clients. */
  phaseMs: readonly number[];
  /** After which time each of these holds the release. */
  deadlineMs: readonly number[];
  /** By how much the share of failing clients may differ for a pass, such as 0.02. */
  margins: readonly number[];
  /** When the five phases of the validation end, since the switch. */
  validationMs: readonly number[];
  traffic: TrafficChoice;
}

/** What the settings say about releases; times in milliseconds. */
export const releasePlanFrom = (settings: ReleaseSettings): ReleasePlan => ({
  phaseMs: readMs(settings.RELEASE_PHASE_MINUTES),
  deadlineMs: readMs(settings.RELEASE_DEADLINE_MINUTES),
  margins: readShares(settings.RELEASE_PHASE_MARGIN_PERCENT),
  validationMs: readMs(settings.RELEASE_VALIDATION_MINUTES),
  traffic: trafficFrom(settings),
});

const trafficFrom = (settings: ReleaseSettings): TrafficChoice => {
  const { TRAFFIC_SWITCH: kind, HAPROXY_SOCKET: socketPath = "", HAPROXY_SERVERS: servers = "" } = settings;
  if (kind === "haproxy") return { kind, socketPath, servers: readServers(servers) };
  return kind === "command" ? { kind, command: settings.TRAFFIC_COMMAND ?? "" } : { kind };
};

const neededBy = {
  haproxy: ["HAPROXY_SOCKET", "HAPROXY_SERVERS"],
  command: ["TRAFFIC_COMMAND"],
} as const;

/** What is wrong with the settings together. */
export const releaseFaults = (present: Readonly<Record<string, string>>): string[] => [
  ...Object.entries(neededBy).flatMap(([kind, needs]) =>
    needs.flatMap((need) => switchFault(need, kind, present)),
  ),
  ...deadlineFaults(present),
];

const switchFault = (need: string, kind: string, present: Readonly<Record<string, string>>): string[] => {
  const isChosen = present.TRAFFIC_SWITCH === kind;
  if (isChosen === (present[need] !== undefined)) return [];
  return isChosen
    ? [`${need}: must be set for TRAFFIC_SWITCH=${kind}`]
    : [`${need}: needs TRAFFIC_SWITCH=${kind}: set it, or remove ${need}`];
};

/** A phase cannot pass before it has lasted. */
const deadlineFaults = (present: Readonly<Record<string, string>>): string[] => {
  const { RELEASE_PHASE_MINUTES: phases, RELEASE_DEADLINE_MINUTES: deadlines } = present;
  const lastMs = readMs(phases ?? releaseSettings.RELEASE_PHASE_MINUTES.parse(undefined));
  const endMs = readMs(deadlines ?? releaseSettings.RELEASE_DEADLINE_MINUTES.parse(undefined));
  const isShort = endMs.some((ms, at) => ms <= (lastMs[at] ?? 0));
  return isShort
    ? ["RELEASE_DEADLINE_MINUTES: each must be greater than the number in RELEASE_PHASE_MINUTES"]
    : [];
};
