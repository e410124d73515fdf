import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { quiet } from "../../../../test/support/delivery.ts";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { shelfChanges } from "../../../../test/support/shelf-changes.ts";
import { systemClock } from "../../core/clock.ts";
import { createPool } from "../../database/index.ts";
import { RollbackManager } from "../manager.ts";
import { LedgerAnchors } from "./anchors.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
let shelf: Shelf;

beforeEach(async () => {
  shelf = await createShelf();
  await shelf.manager.rollbackSteps(1, 2, asked);
  await shelf.manager.reapplySteps(1, 2, asked);
});
afterEach(() => shelf.drop());

/** What somebody with all rights over the database could do, against its own refusal. */
const tamper = async (statement: string) => {
  await shelf.pool.query(`begin; alter table earlybird.ledger disable trigger all; ${statement};
    alter table earlybird.ledger enable trigger all; commit`);
  return shelf.manager.verifyLedger();
};

test("each entry tells who did what, why and with which result", async () => {
  const [newest] = await shelf.manager.readLedger({ limit: 1 });
  expect(newest).toMatchObject({
    action: "reapply",
    steps: [2],
    operator: "ada",
    origin: "test",
    reason: "practice",
  });
  expect(await shelf.manager.verifyLedger()).toMatchObject({ ok: true, entries: 7, faults: [] });
});

test("the database refuses to change or remove an entry", async () => {
  for (const statement of [
    "update earlybird.ledger set entry = '{}'",
    "delete from earlybird.ledger",
    "truncate earlybird.ledger",
  ]) {
    await expect(shelf.pool.query(statement)).rejects.toThrow(/append-only/);
  }
});

describe("verification finds an entry that was", () => {
  test("edited", async () => {
    const result = await tamper(
      "update earlybird.ledger set entry = replace(entry, 'ada', 'bob') where seq = 4",
    );
    expect(result).toMatchObject({ ok: false, faults: ["Entry 4 was edited."] });
  });

  test("edited and hashed anew", async () => {
    const result = await tamper(`update earlybird.ledger set entry = replace(entry, 'ada', 'bob'),
      hash = encode(sha256(convert_to(seq || E'\\n' || prev_hash || E'\\n' || replace(entry, 'ada', 'bob'), 'UTF8')), 'hex') where seq = 4`);
    expect(result.faults).toEqual(["Entry 5 does not follow entry 4."]);
  });

  test("removed", async () => {
    expect((await tamper("delete from earlybird.ledger where seq = 4")).faults).toEqual([
      "Entries 4 to 4 are missing.",
    ]);
  });

  test("reordered", async () => {
    const result = await tamper(`update earlybird.ledger set seq = 100 where seq = 4;
      update earlybird.ledger set seq = 4 where seq = 5; update earlybird.ledger set seq = 5 where seq = 100`);
    expect(result.ok).toBe(false);
    expect(result.faults).toContain("Entry 4 does not follow entry 3.");
  });

  test("truncated from the end", async () => {
    const result = await tamper("delete from earlybird.ledger where seq >= 6");
    expect(result.faults).toEqual([
      "Entry 6, which last moved step 1, is missing or was replaced.",
      "Entry 7, which last moved step 2, is missing or was replaced.",
    ]);
  });

  test("truncated after a refusal, which only the printed head can tell", async () => {
    await shelf.manager.rollbackStep(3, asked).catch(() => undefined);
    const { head } = await shelf.manager.verifyLedger();
    await tamper("delete from earlybird.ledger where seq = 8");
    expect(await shelf.manager.verifyLedger()).toMatchObject({ ok: true });
    expect(await shelf.manager.verifyLedger(head.hash)).toMatchObject({ ok: false });
  });
});

test("a rewritten past is found by a head that was written down", async () => {
  const { head } = await shelf.manager.verifyLedger();
  expect(await shelf.manager.verifyLedger(head.hash)).toMatchObject({ ok: true });
  expect((await shelf.manager.verifyLedger("f".repeat(64))).faults).toEqual([
    `No entry has the hash ${"f".repeat(64)}: the ledger was cut short or rewritten.`,
  ]);
});

describe("with anchors outside of the database", () => {
  let directory: string;
  let anchorFile: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "earlybird-anchors-"));
    anchorFile = join(directory, "anchors.jsonl");
  });
  afterEach(() => rm(directory, { recursive: true }));
  const anchorsIn = (url?: string) =>
    new LedgerAnchors({
      file: anchorFile,
      keyFile: join(directory, "key.pem"),
      url,
      database: "shelf",
      log: quiet,
      clock: systemClock,
    });
  const managerWith = (anchors: LedgerAnchors) =>
    new RollbackManager({ pool: shelf.pool, changes: shelfChanges, log: quiet, anchors });
  const rewritten = `
    update earlybird.ledger set entry = replace(entry, 'ada', 'bob');
    do $$ declare last text := repeat('0', 64); row record; begin
      for row in select * from earlybird.ledger order by seq loop
        update earlybird.ledger set prev_hash = last,
          hash = encode(sha256(convert_to(row.seq || E'\\n' || last || E'\\n' || row.entry, 'UTF8')), 'hex')
        where seq = row.seq returning hash into last;
      end loop;
      update earlybird.steps set ledger_hash = l.hash from earlybird.ledger l where l.seq = ledger_seq;
    end $$`;

  test.each([
    [
      "the whole chain is computed anew",
      rewritten,
      /^Entry \d was not|^Entry \d is not the one that was anchored at .*rewritten/,
    ],
    [
      "an older ledger is restored",
      "delete from earlybird.ledger where seq > 5; update earlybird.steps set ledger_seq = 1, ledger_hash = (select hash from earlybird.ledger where seq = 1)",
      /^Entry 7, which was anchored at .* is missing/,
    ],
  ])("it is found that %s", async (_, statement, fault) => {
    const anchors = anchorsIn();
    const manager = managerWith(anchors);
    await manager.anchorLedger();
    expect(await manager.verifyLedger()).toMatchObject({
      ok: true,
      anchors: { compared: 1, newest: { seq: 7 } },
    });
    // Nothing in the database tells.
    expect(await tamper(statement)).toMatchObject({ ok: true });
    expect(await manager.verifyLedger()).toMatchObject({ ok: false, faults: [expect.stringMatching(fault)] });
    expect(await manager.readAudit({ limit: 1 })).toMatchObject({ verified: false });
  });

  test("a missing ledger is found", async () => {
    const manager = managerWith(anchorsIn());
    await manager.anchorLedger();
    await shelf.pool.query("drop schema earlybird cascade");
    expect((await manager.verifyLedger()).faults).toEqual([
      expect.stringMatching(/^The ledger is gone: at .* it had 7 entries/),
    ]);
  });

  test("each operation, and each refusal, is anchored as it ends, and posted; an edited anchor is found", async () => {
    const posted: unknown[] = [];
    const receiver = createServer((request, response) => {
      request.on("data", (data) => posted.push(JSON.parse(String(data))));
      request.on("end", () => response.writeHead(posted.length === 1 ? 500 : 204).end());
    }).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const { port } = receiver.address() as AddressInfo;
    const anchors = anchorsIn(`http://127.0.0.1:${port}/`);
    const manager = managerWith(anchors);
    await manager.rollbackStep(2, asked);
    await manager.rollbackStep(3, asked).catch(() => undefined);
    expect(posted).toMatchObject([{ seq: 8 }, { seq: 9, database: "shelf" }]);
    // The first was refused; nothing changed since.
    await manager.anchorLedger();
    expect(posted).toHaveLength(2);
    receiver.close();
    expect(await manager.verifyLedger()).toMatchObject({ ok: true, anchors: { compared: 2 } });
    const text = await readFile(anchorFile, "utf8");
    await writeFile(anchorFile, `${text.replace('"seq":8', '"seq":7')}{"at":"2026-03-`);
    expect((await manager.verifyLedger()).faults).toEqual([
      "Line 2 of the anchor file was edited: its signature does not fit.",
    ]);
    const other = generateKeyPairSync("ed25519").publicKey;
    expect((await anchors.read({ publicKey: other })).faults).toHaveLength(2);
  });

  test("a file that cannot be written stops no operation", async () => {
    anchorFile = "/dev/null/anchors.jsonl";
    const manager = managerWith(anchorsIn());
    await expect(manager.rollbackStep(2, asked)).resolves.toMatchObject({ steps: [{ step: 2 }] });
  });
});

test("an event is recorded anew only when its result differs from the last of its action", async () => {
  const record = (action: string, result: object) =>
    shelf.manager.recordIfChanged({ action, operator: "ada", origin: "test", at: new Date(), result });
  const at = (seq: number) => expect.objectContaining({ seq });
  const said = { text: '","action":"settings","operation":null', port: 1001 };
  expect(await record("settings", said)).toEqual(at(8));
  expect(await record("other", said)).toEqual(at(9));
  // Two instances that start in the same moment.
  const both = await Promise.all([1, 2].map(() => record("settings", { ...said, port: 1002 })));
  expect(both).toEqual(expect.arrayContaining([at(10), null]));
  expect(await record("settings", { ...said, port: 1002 })).toBe(null);
  expect(await record("settings", said)).toEqual(at(11));
  expect(await shelf.manager.verifyLedger()).toMatchObject({ ok: true, entries: 11 });
});

test("the ledger of an earlier version continues after the next install", async () => {
  await shelf.pool.query("drop function earlybird.append_to_ledger(text)");
  await shelf.manager.install(asked);
  await shelf.manager.recordEvent({ action: "drill", operator: "ada ☕", origin: "test", at: new Date() });
  expect(await shelf.manager.verifyLedger()).toMatchObject({ ok: true, entries: 8 });
});

describe("a ledger owned by its own role", () => {
  const service = `shelf_service_${process.pid}`;
  const owner = `shelf_ledger_${process.pid}`;
  const by = { requestedBy: "root", origin: "test" };

  afterEach(async () => {
    await shelf.pool.query(`drop owned by ${owner}, ${service} cascade; drop role ${owner}, ${service}`);
  });

  test("cannot be rewritten by the service, which still records and moves", async () => {
    await shelf.pool.query(`create role ${service} login password 'shelf'; create role ${owner} nologin;
      create schema library authorization ${service};
      grant create on database ${new URL(shelf.url).pathname.slice(1)} to ${service}`);
    await expect(shelf.manager.protectLedger(owner, by)).rejects.toMatchObject({ code: "EB_LEDGER_OWNER" });
    await expect(shelf.manager.protectLedger("nobody_here", by)).rejects.toThrow("no role nobody_here");
    // The tables and the engine's schema as a service has them that has made them itself.
    await shelf.pool.query(`drop schema earlybird cascade; drop table books, loans cascade`);
    const url = new URL(shelf.url);
    [url.username, url.password] = [service, "shelf"];
    const pool = createPool(url.href);
    await pool.query(`create table library.books (id integer primary key, title text not null, lost boolean not null default false);
      create table library.loans (id integer primary key, title text not null, state text not null default 'out');
      alter role ${service} set search_path = library`);
    await pool.end();
    const asService = createPool(url.href);
    const manager = new RollbackManager({ pool: asService, changes: shelfChanges, log: quiet });
    await manager.install(asked);
    await shelf.pool.query(`grant ${owner} to ${service}`);
    await expect(shelf.manager.protectLedger(owner, by)).rejects.toThrow(service);
    await shelf.pool.query(`revoke ${owner} from ${service}`);
    expect(await shelf.manager.protectLedger(owner, by)).toEqual({ owner, service });
    expect(await shelf.manager.protectLedger(owner, by)).toEqual({ owner, service: null });

    for (const statement of [
      "alter table earlybird.ledger disable trigger all",
      "update earlybird.ledger set entry = '{}'",
      "delete from earlybird.ledger",
      "truncate earlybird.ledger",
      "insert into earlybird.ledger values (999, '', '', '{}')",
      "drop table earlybird.ledger",
      "alter table earlybird.ledger rename to old",
      "drop schema earlybird cascade",
      "alter schema earlybird rename to old",
      "create or replace function earlybird.refuse_ledger_change() returns trigger language plpgsql as 'begin end'",
      "drop function earlybird.append_to_ledger(text)",
      `set role ${owner}`,
      `grant ${owner} to ${service}`,
    ]) {
      await expect(asService.query(statement), statement).rejects.toMatchObject({ code: "42501" });
    }
    await manager.install(asked);
    await manager.rollbackSteps(1, 2, asked);
    await manager.recordEvent({ action: "drill", operator: "ada", origin: "test", at: new Date() });
    expect(await manager.verifyLedger()).toMatchObject({ ok: true, head: { seq: 7 } });
    await asService.end();
  });
});
