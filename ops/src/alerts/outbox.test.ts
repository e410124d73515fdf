import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createLogger } from "../lib/log.ts";
import { type Alert, AlertSeverity, AlertType } from "./alert.ts";
import type { Channel, SendResult } from "./channel.ts";
import type { Notification } from "./notification.ts";
import { Outbox, pauseAfter } from "./outbox.ts";

const log = createLogger("silent");
const persistence = { attempts: 4, firstPauseMs: 1, longestPauseMs: 5 };
const later: SendResult = { result: "try_again", reason: "busy" };

const alert = (id: string): Alert => ({
  id,
  type: AlertType.DATABASE_DOWN,
  key: "",
  severity: AlertSeverity.CRITICAL,
  state: "firing",
  message: "",
  details: {},
  fired_at: "",
  resolved_at: null,
});

/** A channel that answers from a script, then accepts; `sent` holds the alerts of all attempts. */
const scripted = (script: (SendResult | Error)[]): { channel: Channel; sent: string[] } => {
  const sent: string[] = [];
  const send = async ({ alert: { id } }: Notification): Promise<SendResult> => {
    sent.push(id);
    const next = script.shift() ?? { result: "accepted" };
    if (next instanceof Error) throw next;
    return next;
  };
  return { channel: { name: "scripted", send }, sent };
};

const deliver = async (script: (SendResult | Error)[], ids: string[]): Promise<string[]> => {
  const { channel, sent } = scripted(script);
  const outbox = new Outbox({ channel, log, persistence });
  for (const id of ids) outbox.add(alert(id));
  await outbox.close(5_000);
  return sent;
};

test.each([
  { when: "accepted at once", script: [], sent: ["a", "b"] },
  { when: "accepted at the third attempt", script: [later, later], sent: ["a", "a", "a", "b"] },
  { when: "the channel throws", script: [new Error("boom")], sent: ["a", "a", "b"] },
  { when: "refused for good", script: [{ result: "refused", reason: "no" } as const], sent: ["a", "b"] },
  { when: "never accepted", script: [later, later, later, later], sent: ["a", "a", "a", "a", "b"] },
])(
  "alerts arrive in order, the next one after the one before is settled: $when",
  async ({ script, sent }) => {
    expect(await deliver(script, ["a", "b"])).toEqual(sent);
  },
);

test("the other side's wish for a pause goes before our own", async () => {
  const startedMs = performance.now();
  await deliver([{ ...later, afterMs: 150 }], ["a"]);
  expect(performance.now() - startedMs).toBeGreaterThan(140);
});

test("a channel that hangs keeps nobody waiting, and closing gives it up after the grace", async () => {
  const aborted: string[] = [];
  const channel: Channel = {
    name: "hanging",
    send: async ({ alert: { id } }, signal) => {
      await sleep(60_000, undefined, { signal }).catch(() => aborted.push(id));
      return later;
    },
  };
  const outbox = new Outbox({ channel, log });
  outbox.add(alert("a"));
  outbox.add(alert("b"));
  await outbox.close(20);
  expect(aborted).toEqual(["a", "b"]);
});

test("an outbox that had run empty delivers what comes later", async () => {
  const { channel, sent } = scripted([]);
  const outbox = new Outbox({ channel, log });
  outbox.add(alert("a"));
  await sleep(5);
  outbox.add(alert("b"));
  await outbox.close(1_000);
  expect(sent).toEqual(["a", "b"]);
});

test("pauses double up to the limit, and chance takes up to half of them", () => {
  const limits = { attempts: 9, firstPauseMs: 500, longestPauseMs: 60_000 };
  const pauses = [1, 2, 3, 8, 50].map((attempt) => pauseAfter(attempt, limits, 0));
  expect(pauses).toEqual([500, 1_000, 2_000, 60_000, 60_000]);
  expect(pauseAfter(3, limits, 1)).toBe(1_000);
});
