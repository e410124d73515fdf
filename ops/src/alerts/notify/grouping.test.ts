import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openDispatching } from "../../../../test/support/dispatching.ts";
import { notificationOf } from "../../../../test/support/notifications.ts";
import type { Alert } from "../model/alert.ts";
import type { Notification } from "../model/notification.ts";
import type { Channel, SendResult } from "./channel.ts";
import { routerFrom } from "./routing.ts";

let dispatching: Awaited<ReturnType<typeof openDispatching>>;
beforeEach(async () => {
  dispatching = await openDispatching();
});
afterEach(() => dispatching.close());

/** A channel that takes half a second for each message, and records the ids in each. */
const slowChannel = (name: string, groups: boolean, answer: SendResult = { result: "accepted" }) => {
  const messages: string[][] = [];
  const send: Channel["send"] = async ({ id, others = [] }) => {
    messages.push([id, ...others.map((other) => other.id)]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    return answer;
  };
  return { name, groups, send, messages };
};

/** Lets time pass, and the disk work in between, until the condition holds. */
const until = async (condition: () => boolean) => {
  while (!condition()) {
    await vi.advanceTimersByTimeAsync(50);
    for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve));
  }
};

const timeout = (id: string, more: Partial<Notification> = {}, alert: Partial<Alert> = {}) =>
  notificationOf(id, { ...more, alert: { type: "API_TIMEOUT", key: id, severity: "warning", ...alert } });

test("60 alerts of a type are two messages to people, one each to systems, and a critical one waits for none", async () => {
  const [people, systems] = [slowChannel("people", true), slowChannel("systems", false)];
  const dispatcher = dispatching.dispatcherOf([people, systems]);
  await dispatcher.start();
  for (let n = 0; n < 30; n++) await dispatcher.dispatch(timeout(`t${n}`));
  await dispatcher.dispatch(notificationOf("down"));
  for (let n = 30; n < 60; n++) await dispatcher.dispatch(timeout(`t${n}`));
  const ofPeople = () => dispatching.attempts.filter(({ channel }) => channel === "people");
  await until(() => ofPeople().length === 61);
  expect(people.messages.map((ids) => ids.length)).toEqual([1, 1, 59]);
  expect(people.messages[1]).toEqual(["down"]);
  expect(systems.messages.slice(0, 3)).toEqual([["t0"], ["down"], ["t1"]]);
});

test("a message of a group that fails is retried as one, and counts as one failure", async () => {
  const later = { result: "try_again", reason: "busy" } as const;
  const people = slowChannel("people", true, later);
  const dispatcher = dispatching.dispatcherOf([people], { groupWindowMs: 100 });
  await dispatcher.start();
  for (const id of ["a", "b", "c"]) await dispatcher.dispatch(timeout(id));
  await until(() => people.messages.length === 3);
  expect(people.messages.map((ids) => ids.toSorted())).toEqual([["a"], ["a", "b", "c"], ["a", "b", "c"]]);
  expect(dispatcher.channels()).toMatchObject([{}, { state: "failing", waiting: 3 }]);
});

test("a stop sends what waits for its group at once", async () => {
  const people = slowChannel("people", true);
  const dispatcher = dispatching.dispatcherOf([people]);
  await dispatcher.start();
  for (const id of ["a", "b", "c"]) await dispatcher.dispatch(timeout(id));
  let isStopped = false;
  const stopped = dispatcher.stop(60_000).then(() => {
    isStopped = true;
  });
  await until(() => isStopped);
  await stopped;
  expect(people.messages).toEqual([["a"], ["b", "c"]]);
});

test("a route decides who is notified; who was, learns how it goes on", async () => {
  const [email, pager] = [slowChannel("email", true), slowChannel("pagerduty", false)];
  const router = routerFrom([
    { type: null, severity: "critical", channels: ["pagerduty"] },
    { type: null, severity: "warning", channels: ["email"] },
  ]);
  const dispatcher = dispatching.dispatcherOf([email, pager], { router });
  await dispatcher.start();
  await dispatcher.dispatch(timeout("fired"));
  const critical = { id: "alert-of-fired", severity: "critical" } as const;
  const notified = ["log", "email"];
  await dispatcher.dispatch(timeout("worsened", { occasion: "worsened", notified }, critical));
  await until(() => email.messages.length === 2 && pager.messages.length === 1);
  expect(email.messages).toEqual([["fired"], ["worsened"]]);
  expect(pager.messages).toEqual([["worsened"]]);
});
