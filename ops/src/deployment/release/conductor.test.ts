import { once } from "node:events";
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { systemClock } from "../../core/clock.ts";
import { Conductor } from "./conductor.ts";
import { sendCommand } from "./inbox.ts";
import { Journal, readJournal } from "./journal.ts";
import { replay } from "./replay.ts";
import type { Act, GateVerdict, Look, Stage } from "./stage.ts";
import type { CommandName, ReleaseState } from "./state.ts";

let directory: string;
let log: string[];
let verdict: GateVerdict;
/** Whether the gate knew at its last look that the release is held. */
let knewHeld: boolean | undefined;
/** Errors that acts throw, by `do name` or `undo name`. */
let errors: Map<string, Error>;
beforeEach(async () => {
  directory = await makeTemporaryDirectory();
  log = [];
  verdict = { verdict: "wait" };
  pace = "quick";
  errors = new Map();
});

class Outage extends Error {}

const act = (name: string): Act => {
  const attempt = (way: string) => async () => {
    const error = errors.get(`${way} ${name}`);
    if (error) throw error;
    log.push(`${way} ${name}`);
    return "";
  };
  return { name, do: attempt("do"), undo: attempt("undo") };
};

/** A slow gate answers only once the release is reverted. */
let pace: "quick" | "slow" | "waits";
const gate = async ({ held, signal }: Look): Promise<GateVerdict> => {
  knewHeld = held;
  if (pace !== "slow") return verdict;
  pace = "waits";
  await (signal ? once(signal, "abort") : new Promise(() => undefined));
  return verdict;
};

const stages: Stage[] = [
  { state: "planned", acts: [] },
  { state: "expanding", acts: [act("step 25")] },
  { state: "phase_10", acts: [act("traffic 10 %")], gate },
  { state: "switched", acts: [act("traffic 100 %")] },
];

const file = () => join(directory, "journal.jsonl");
const progress = async () => replay(await readJournal(file()));
const send = (command: CommandName, reason = "because") =>
  sendCommand(directory, { command, by: "Ada", reason }, new Date());

const run = async (undoWithinMs = 60_000): Promise<ReleaseState> => {
  const journal = await Journal.open(file());
  const isOutage = (error: unknown) => error instanceof Outage;
  const conductor = new Conductor({
    directory,
    journal,
    stages,
    clock: systemClock,
    isOutage,
    lookEveryMs: 5,
    undoWithinMs,
  });
  return conductor.run().finally(() => journal.close());
};

const reached = (state: ReleaseState) =>
  expect.poll(async () => (await progress()).state, { interval: 5 }).toBe(state);

describe("a gate", () => {
  test("lets the release pass once it decides so", async () => {
    const running = run();
    await reached("phase_10");
    verdict = { verdict: "pass" };
    expect(await running).toBe("completed");
    expect(log).toEqual(["do step 25", "do traffic 10 %", "do traffic 100 %"]);
  });

  test("reverts everything that was done, in reverse order, and the reason stays", async () => {
    verdict = { verdict: "revert", reason: "5 % of clients fail" };
    expect(await run()).toBe("reverted");
    expect(log).toEqual(["do step 25", "do traffic 10 %", "undo traffic 10 %", "undo step 25"]);
    expect(await progress()).toMatchObject({ reason: "5 % of clients fail" });
  });

  test("holds the release, whose triggers still count", async () => {
    verdict = { verdict: "hold", reason: "no traffic" };
    const running = run();
    await reached("held");
    verdict = { verdict: "pass" };
    // A gate never ends a hold: only a person does.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await reached("held");
    expect(knewHeld).toBe(true);
    verdict = { verdict: "revert", reason: "it crashed" };
    expect(await running).toBe("reverted");
  });

  test("that holds the release is passed by a person, also one who held it before", async () => {
    const running = run();
    await reached("phase_10");
    await send("hold");
    await reached("held");
    await send("advance");
    await reached("phase_10");
    verdict = { verdict: "hold", reason: "no traffic" };
    await reached("held");
    await send("advance", "there is none at night");
    expect(await running).toBe("completed");
  });
});

describe("a person", () => {
  test("holds the release, and lets it go on where it was", async () => {
    const running = run();
    await reached("phase_10");
    await send("hold");
    await reached("held");
    await send("advance");
    await reached("phase_10");
    await send("revert");
    expect(await running).toBe("reverted");
  });

  test.each([false, true])("does not wait for a slow gate to revert, held: %s", async (isHeld) => {
    if (isHeld) verdict = { verdict: "hold", reason: "no traffic" };
    const running = run();
    await reached(isHeld ? "held" : "phase_10");
    pace = "slow";
    await expect.poll(() => pace).toBe("waits");
    await send("revert");
    expect(await running).toBe("reverted");
  });

  test("reverts a release that is completed", async () => {
    verdict = { verdict: "pass" };
    expect(await run()).toBe("completed");
    await send("revert", "a bill is wrong");
    expect(await run()).toBe("reverted");
    expect(log.slice(3)).toEqual(["undo traffic 100 %", "undo traffic 10 %", "undo step 25"]);
    expect(await progress()).toMatchObject({ reason: "Ada: a bill is wrong" });
  });

  test("sends a command too late: it is recorded, and nothing happens", async () => {
    verdict = { verdict: "revert", reason: "it crashed" };
    expect(await run()).toBe("reverted");
    await send("advance");
    expect(await run()).toBe("reverted");
    expect((await progress()).commands).toMatchObject([{ command: "advance" }]);
  });
});

describe("an act that fails", () => {
  test("because something is away holds the release until it is back", async () => {
    errors.set("do step 25", new Outage("the database is away"));
    verdict = { verdict: "pass" };
    const running = run();
    await reached("held");
    expect(await progress()).toMatchObject({ reason: "step 25: the database is away", outage: true });
    errors.clear();
    expect(await running).toBe("completed");
  });

  test("for another reason reverts the release, itself included", async () => {
    errors.set("do traffic 10 %", new Error("the switch refused"));
    expect(await run()).toBe("reverted");
    expect(log).toEqual(["do step 25", "undo traffic 10 %", "undo step 25"]);
  });

  test("on the way back is stuck, and is tried again by the next conductor", async () => {
    verdict = { verdict: "revert", reason: "it crashed" };
    errors.set("undo step 25", new Error("a view depends on it"));
    expect(await run()).toBe("stuck");
    expect(await progress()).toMatchObject({ reason: "step 25: a view depends on it" });
    errors.clear();
    expect(await run()).toBe("reverted");
  });

  test("on the way back during an outage is repeated, and is stuck after its time limit", async () => {
    verdict = { verdict: "revert", reason: "it crashed" };
    errors.set("undo step 25", new Outage("the database is away"));
    const running = run();
    await expect.poll(() => log).toContain("undo traffic 10 %");
    errors.clear();
    expect(await running).toBe("reverted");
    directory = await makeTemporaryDirectory();
    errors.set("undo step 25", new Outage("the database is away"));
    expect(await run(20)).toBe("stuck");
  });
});

describe("the journal", () => {
  test("ignores the incomplete line of a process that was killed, and goes on after it", async () => {
    verdict = { verdict: "hold", reason: "no traffic" };
    await send("revert");
    await run();
    const before = await readJournal(file());
    await appendFile(file(), '{"type":"state","at":"2026-0');
    expect(await readJournal(file())).toEqual(before);
    await send("advance");
    await run();
    expect((await readJournal(file())).slice(0, -1)).toEqual(before);
  });

  test("names the line that cannot be read", async () => {
    await appendFile(file(), '{"type":"state"\n');
    await expect(readJournal(file())).rejects.toMatchObject({
      code: "EB_RELEASE_JOURNAL_DAMAGED",
      detail: `Line 1 of ${file()} cannot be read.`,
    });
  });
});
