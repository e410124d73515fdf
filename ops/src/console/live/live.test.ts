import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createClient } from "./client.ts";
import { changesBetween } from "./event.ts";
import { EventLog } from "./event-log.ts";

const a = { id: "a", message: "It burns." };
const b = { id: "b", message: "It rains." };

test.each([
  ["nothing", [a, b], [b, a], []],
  ["a new one", [a], [a, b], [{ change: "began", item: b }]],
  [
    "one that changes",
    [a, b],
    [a, { ...b, message: "It pours." }],
    [{ change: "changed", item: { id: "b", message: "It pours." } }],
  ],
  ["one that ends", [a, b], [b], [{ change: "ended", item: a }]],
])("changes between two lists: %s", (_, before, after, changes) => {
  expect(changesBetween(before, after)).toEqual(changes);
});

const fill = (log: EventLog, count: number) => Array.from({ length: count }, () => log.add((id) => id));

test("a client resumes after the last event that it has seen", () => {
  const log = new EventLog();
  const start = log.lastId;
  const [first = "", second, third = ""] = fill(log, 3);
  expect(log.after(first)).toEqual([second, third]);
  expect(log.after(third)).toEqual([]);
  expect(log.after(start)).toHaveLength(3);
});

test("a client whose events are gone, or of another process, cannot resume", () => {
  const log = new EventLog();
  const [first = "", second = ""] = fill(log, 502);
  expect(log.after(first)).toBeUndefined();
  expect(log.after(second)).toHaveLength(500);
  expect(new EventLog().after(second)).toBeUndefined();
  for (const odd of ["", "12", `${second}000`, "x-99999999999999999999"])
    expect(log.after(odd)).toBeUndefined();
});

test("a slow client gets a snapshot in place of the events that it has missed", async () => {
  const client = createClient(() => "SNAPSHOT");
  const event = "x".repeat(10_000);
  for (let n = 0; n < 1_000; n++) client.send(event);
  expect(client.stream.readableLength).toBeLessThan(300_000);
  let read = "";
  client.stream.on("data", (chunk) => {
    read += chunk;
  });
  await sleep(10);
  client.send("LATER");
  client.end();
  await expect.poll(() => client.stream.readableEnded).toBe(true);
  expect(read.replaceAll("x", "")).toBe("SNAPSHOTLATER");
  expect(read.length).toBeLessThan(300_000);
});
