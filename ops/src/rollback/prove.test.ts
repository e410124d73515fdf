import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { quiet } from "../../../test/support/delivery.ts";
import { createShelf, type Shelf } from "../../../test/support/shelf.ts";
import { shelfChanges } from "../../../test/support/shelf-changes.ts";
import { defineChange } from "./change.ts";
import { fingerprint } from "./fingerprint.ts";
import { RollbackManager } from "./manager.ts";
import { inertPart, type Part } from "./parts/part.ts";
import { parseSteps } from "./step-range.ts";

const by = { requestedBy: "ada", origin: "test" };
let shelf: Shelf;
beforeEach(async () => {
  shelf = await createShelf();
});
afterEach(() => shelf.drop());

const all = parseSteps("1..3", [1, 2, 3]);

test("steps that leave everything as it was are proven, and the certificate is in the ledger", async () => {
  const before = await fingerprint(shelf.db);
  const certificate = await shelf.manager.prove(all, by);
  expect(certificate).toMatchObject({ steps: [3, 2, 1], proven: true, differences: [], before: before.hash });
  expect(await fingerprint(shelf.db)).toEqual(before);
  const [entry] = await shelf.manager.readLedger({ limit: 1 });
  expect(entry).toMatchObject({ action: "prove", operator: "ada", steps: [3, 2, 1], result: certificate });
});

test("a step is proven together with those that depend on it", async () => {
  expect(await shelf.manager.prove(parseSteps("1", [1, 2, 3]), by)).toMatchObject({
    steps: [2, 1],
    proven: true,
  });
});

describe("a change declared wrongly", () => {
  const faulty = (part: Partial<Part>) => {
    const change = defineChange({
      step: 4,
      name: "faulty",
      title: "Something is lost on the way back",
      requires: [],
      risk: "low",
      parts: [{ ...inertPart, kind: "faulty", ...part }],
      impact: async () => [],
      verify: async () => [],
    });
    return new RollbackManager({ pool: shelf.pool, changes: [...shelfChanges, change], log: quiet });
  };
  const proveStep4 = async (part: Partial<Part>) => {
    const manager = faulty(part);
    await manager.install(by);
    const before = await fingerprint(shelf.db);
    const certificate = await manager.prove(parseSteps("4", manager.steps), by);
    expect(await fingerprint(shelf.db)).toEqual(before);
    expect((await manager.readLedger({ limit: 1 }))[0]?.result).toEqual(certificate);
    return certificate;
  };

  test("that loses a row is not proven, and the table is named", async () => {
    const certificate = await proveStep4({
      swap: async ({ db }) => void (await sql`delete from loans where id = 7`.execute(db)),
    });
    expect(certificate).toMatchObject({ proven: false, differences: ["loans"] });
    expect(certificate.after).not.toBe(certificate.before);
  });

  test("that changes a value without changing the number of rows is not proven either", async () => {
    const certificate = await proveStep4({
      swap: async ({ db }) => void (await sql`update books set title = 'Emma.' where id = 1`.execute(db)),
    });
    expect(certificate).toMatchObject({ proven: false, differences: ["books"] });
  });

  test("that leaves an index behind is not proven, and the schema is named", async () => {
    const certificate = await proveStep4({
      swap: async ({ db }) =>
        void (await sql`create index if not exists left_behind on loans (title)`.execute(db)),
    });
    expect(certificate).toMatchObject({ proven: false, differences: ["schema"] });
  });
});

test("above the row limit a proof asks for a copy, and goes on where it is told that this is one", async () => {
  await shelf.pool.query("analyze");
  const limited = new RollbackManager({
    pool: shelf.pool,
    changes: shelfChanges,
    log: quiet,
    rowLimits: { proof: 10 },
  });
  await expect(limited.prove(all, by)).rejects.toMatchObject({
    code: "EB_PROOF_TOO_LARGE",
    exitStatus: 4,
    remedy: expect.stringContaining("--on"),
  });
  expect(await limited.prove(all, by, { unlimited: true })).toMatchObject({ proven: true });
});
