import {
  type AlertDeclaration,
  AlertManager,
  type Notification,
  type NotificationDispatcher,
  type RaisedType,
  raisedTypes,
  type Thresholds,
} from "../../alerts/index.ts";
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { DrilledRule } from "./context.ts";
import { DrillClock, Recorder } from "./drill-recorder.ts";
import { allIsWell, type Situation, situationsOf } from "./drill-situations.ts";

/** Between two looks of the rules, in the time of the drill. */
const stepMs = 10_000;
/** Longer than any rule waits; declared ones may wait for a day. */
const mostSteps = 9_000;

export interface DrillOptions {
  /** Sends the one message. */
  dispatcher: Pick<NotificationDispatcher, "test">;
  thresholds: Thresholds;
  declared: readonly AlertDeclaration[];
  /** The channels of an alert; undefined for all. */
  router: (alert: Pick<Notification["alert"], "type" | "severity">) => readonly string[] | undefined;
  clock: Clock;
  log: Logger;
  /** Such as the release, for the message. */
  occasion: string;
}

/**
 * Lets every alert fire and end, in a pipeline of its own: the rules, their patience, the policy and the routes are those
 * of the service, the measurements are made up, and time passes at once. Nothing is stored. The channels get one message
 * about all of them.
 *
 * @throws Error if a channel does not accept the message, or only the log is set up: then nobody is notified
 */
export const drillAlerts = async (options: DrillOptions): Promise<DrilledRule[]> => {
  const { dispatcher, router, occasion } = options;
  const drilled = [
    ...(await eachOf(situationsOf(options), (situation) => drillRule(situation, options))),
    ...(await eachOf(Object.keys(raisedTypes) as RaisedType[], (type) => drillRaised(type, options))),
  ];
  const names = drilled.map(({ name }) => name).join(", ");
  const message = `Drill for ${occasion}, nothing is wrong: ${drilled.length} alerts were raised and resolved (${names}).`;
  const results = await dispatcher.test(undefined, message);
  const people = results.filter(({ channel }) => channel !== "log");
  if (people.length === 0) throw new Error("Only the log is set up: nobody is notified.");
  const silent = people.filter(({ result }) => result !== "accepted");
  if (silent.length > 0)
    throw new Error(silent.map(({ channel, answer }) => `${channel}: ${answer ?? "no answer"}`).join("; "));
  const accepting = new Set(results.map(({ channel }) => channel));
  return drilled.map(({ name, fired, resolved }) => {
    const route = fired && (router(fired.alert) ?? []);
    return { type: name, notified: route?.every((channel) => accepting.has(channel)) ?? false, resolved };
  });
};

interface Drilled {
  name: string;
  /** What the channels would have got. */
  fired: Notification | undefined;
  resolved: boolean;
}

const eachOf = async <T>(items: readonly T[], drill: (item: T) => Promise<Drilled>): Promise<Drilled[]> => {
  const drilled: Drilled[] = [];
  for (const item of items) drilled.push(await drill(item));
  return drilled;
};

/** A rule by itself: beside the others, its cause would hold it back. */
const drillRule = async (
  { name, type, key, failing, fine }: Situation,
  { thresholds, declared, clock, log }: DrillOptions,
): Promise<Drilled> => {
  const time = new DrillClock(clock.now());
  const recorder = new Recorder();
  const manager = new AlertManager({ dispatcher: recorder, thresholds, declared, clock: time, log });
  const isOurs = ({ alert }: Notification) => alert.type === type && alert.key === key;
  const until = async (occasion: Notification["occasion"], observed: Situation["fine"]) => {
    for (let step = 0; step < mostSteps; step++) {
      manager.observe(observed);
      manager.tick();
      await manager.settled();
      const found = recorder.sent.find((each) => each.occasion === occasion && isOurs(each));
      if (found) return found;
      time.advance(stepMs);
    }
    return undefined;
  };
  const fired = await until("fired", failing);
  const resolved = fired && (await until("resolved", fine));
  await manager.stop();
  await manager.close();
  return { name, fired, resolved: resolved !== undefined };
};

/** A type that the service raises itself. */
const drillRaised = async (type: RaisedType, { thresholds, clock, log }: DrillOptions): Promise<Drilled> => {
  const time = new DrillClock(clock.now());
  const recorder = new Recorder();
  const manager = new AlertManager({ dispatcher: recorder, thresholds, clock: time, log });
  const settle = async () => {
    // One that may be a symptom waits until the rules have looked.
    time.advance(stepMs);
    manager.observe(allIsWell);
    manager.tick();
    await manager.settled();
  };
  manager.raise({ type, key: "drill", message: "A drill: nothing is wrong." });
  await settle();
  manager.resolve(type, "drill");
  await settle();
  await manager.stop();
  await manager.close();
  const found = (occasion: Notification["occasion"]) =>
    recorder.sent.find((each) => each.occasion === occasion && each.alert.type === type);
  return { name: type, fired: found("fired"), resolved: found("resolved") !== undefined };
};
