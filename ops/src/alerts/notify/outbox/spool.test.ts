import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { logLines } from "../../../../../test/support/log-lines.ts";
import { notificationOf } from "../../../../../test/support/notifications.ts";
import { until } from "../../../../../test/support/until.ts";
import { watchDisk } from "../../../../../test/support/watched-disk.ts";
import { systemClock } from "../../../core/clock.ts";
import { longestSilenceMs, type Owner, thisProcess } from "../../../core/process-lease.ts";
import type { Entry } from "./entry.ts";
import { Spool } from "./spool.ts";

let home: string;
let directory: string;
let logged: ReturnType<typeof logLines>;
beforeEach(async () => {
  faults.splice(0);
  home = await mkdtemp(join(tmpdir(), "earlybird-spool-"));
  directory = join(home, "alerts/spool");
  logged = logLines();
});
afterEach(() => rm(home, { recursive: true }));

const faults: string[] = [];
const openSpool = () =>
  new Spool({
    directory,
    log: logged.log,
    clock: systemClock,
    onFailed: (reason) => faults.push(reason),
    onRecovered: () => faults.push("recovered"),
  });

const entryOf = (id: string, created_at = new Date().toISOString()): Entry => ({
  notification: notificationOf(id, { created_at }),
  pending: { slack: { attempts: 0 } },
});

const files = async (ending: string) =>
  (await readdir(directory)).filter((name) => name.endsWith(ending)).sort();

const idsOf = (entries: Entry[]) => entries.map(({ notification: { id } }) => id);

test("an entry is on disk until nothing is pending", async () => {
  const spool = openSpool();
  const entry = entryOf("a");
  await spool.save(entry);
  const [file = ""] = await files(".json");
  expect(JSON.parse(await readFile(join(directory, file), "utf8"))).toEqual(entry);
  entry.pending.slack = { attempts: 7 };
  await spool.save(entry);
  expect(await readFile(join(directory, file), "utf8")).toContain('"attempts":7');
  delete entry.pending.slack;
  await spool.save(entry);
  expect(await files("")).toEqual(await files(".owner"));
  await spool.close();
  expect(await files("")).toEqual([]);
});

test("many entries are written together, each in its last state", async () => {
  const spool = openSpool();
  const entries = Array.from({ length: 300 }, (_, n) => entryOf(`n${n}`));
  await Promise.all(entries.map((entry) => spool.save(entry)));
  expect(await files(".json")).toHaveLength(300);
  const settled = entries.slice(0, 299);
  for (const entry of settled) delete entry.pending.slack;
  await Promise.all(settled.map((entry) => spool.save(entry)));
  expect(await files(".json")).toHaveLength(1);
  expect(await files(".tmp")).toEqual([]);
  await spool.close();
});

test("a file is synced before its rename, and the directory before save resolves, together with others", async () => {
  const calls: string[] = [];
  const spool = openSpool();
  await spool.save(entryOf("a"));
  const stop = await watchDisk((call, carryOut) => {
    calls.push(call.replace(/[0-9a-f]{16}\./, ""));
    return carryOut();
  });
  const [one, other] = [entryOf("b"), entryOf("c")];
  await Promise.all([spool.save(one), spool.save(other)]);
  calls.push("both are safe");
  delete one.pending.slack;
  await spool.save(one);
  stop();
  await spool.close();
  const of = (name: string) => calls.filter((call) => call.includes(name));
  for (const name of ["000001.tmp", "000002.tmp"]) {
    const steps = ["open", "writeFile", "sync", "rename"];
    expect(of(name)).toEqual(steps.map((step) => `${step} ${name}`));
  }
  const renamed = calls.findLastIndex((call) => call.startsWith("rename"));
  const synced = ["open spool", "sync spool"];
  expect(of("sync spool")).toHaveLength(2);
  expect(calls.slice(renamed + 1)).toEqual([...synced, "both are safe", "unlink 000001.json", ...synced]);
});

describe("an entry of an earlier process", () => {
  test("is taken over once by the next process, oldest first", async () => {
    const first = openSpool();
    await first.save(entryOf("b", "2026-01-05T04:00:02.000Z"));
    await first.save(entryOf("a", "2026-01-05T04:00:01.000Z"));
    await first.close();
    const others = [openSpool(), openSpool(), openSpool()];
    const found = await Promise.all(others.map((spool) => spool.maintain()));
    expect(idsOf(found.flat()).sort()).toEqual(["a", "b"]);
    expect(await files(".json")).toHaveLength(2);
    await Promise.all(others.map((spool) => spool.close()));
    const last = openSpool();
    const taken = await last.maintain();
    expect(idsOf(taken)).toEqual(["a", "b"]);
    for (const entry of taken) delete entry.pending.slack;
    await Promise.all(taken.map((entry) => last.save(entry)));
    expect(await files(".json")).toEqual([]);
    await last.close();
  });

  test("is not touched while that process runs", async () => {
    const [alive, other] = [openSpool(), openSpool()];
    await alive.save(entryOf("a"));
    expect(await other.maintain()).toEqual([]);
    await alive.close();
    expect(idsOf(await other.maintain())).toEqual(["a"]);
  });

  /** A spool with one entry whose owner is as described, and was last heard of so long ago. */
  const leave = async (owner: Owner | string, silentMs = 0) => {
    const spool = openSpool();
    await spool.save(entryOf("a"));
    const [file = ""] = await files(".owner");
    await writeFile(join(directory, file), typeof owner === "string" ? owner : JSON.stringify(owner));
    const heard = new Date(Date.now() - silentMs);
    await utimes(join(directory, file), heard, heard);
  };

  const killed = async (): Promise<Owner> => {
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    child.kill("SIGKILL");
    await once(child, "exit");
    return { ...thisProcess(), pid: child.pid ?? 0 };
  };

  /** A process whose parent goes on without taking note of its end. */
  const zombie = async (): Promise<Owner> => {
    const parent = spawn("sh", ["-c", "sleep 0.02 & echo $!; exec sleep 60"], { stdio: "pipe" });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const [pid] = await once(parent.stdout.setEncoding("utf8"), "data");
    const stat = `/proc/${Number(pid)}/stat`;
    const started = (await readFile(stat, "latin1")).split(" ")[21] ?? null;
    await until(() => readFileSync(stat, "latin1").includes(" Z "));
    return { ...(await thisProcess()), pid: Number(pid), started };
  };

  const long = longestSilenceMs + 60_000;
  test.each<[string, boolean, () => Promise<Owner | string>, number]>([
    ["its process was killed", true, killed, 0],
    ["it was killed and its parent has not noticed", true, process.platform === "linux" ? zombie : killed, 0],
    ["its pid was given to another process", true, async () => ({ ...thisProcess(), started: "1" }), 0],
    ["its process lives, however silent", false, async () => thisProcess(), long],
    ["it is elsewhere and silent", true, async () => ({ ...thisProcess(), space: "else" }), long],
    ["it is elsewhere and says that it lives", false, async () => ({ ...thisProcess(), space: "else" }), 0],
    ["it has only begun to say who it is", false, async () => "", 0],
    ["it has begun to say who it is, long ago", true, async () => '{"pid":', long],
  ])("%s: taken over is %s", async (_, isTaken, owner, silentMs) => {
    await leave(await owner(), silentMs);
    expect(idsOf(await openSpool().maintain())).toEqual(isTaken ? ["a"] : []);
  });

  test("is taken over when it can be read and moved, and does not stop the others", async () => {
    const spool = openSpool();
    for (const id of ["a", "b", "c", "d"]) await spool.save(entryOf(id));
    await spool.close();
    const [unreadable = "", , immovable = ""] = await files(".json");
    await rename(join(directory, unreadable), join(home, "kept"));
    await mkdir(join(directory, unreadable));
    const stop = await watchDisk((call, carryOut) =>
      call === `rename ${immovable}` ? Promise.reject(new Error("EIO")) : carryOut(),
    );
    const next = openSpool();
    expect(idsOf(await next.maintain())).toEqual(["b", "d"]);
    expect(await next.maintain()).toEqual([]);
    stop();
    await rmdir(join(directory, unreadable));
    await rename(join(home, "kept"), join(directory, unreadable));
    expect(idsOf(await next.maintain())).toEqual(["a", "c"]);
    expect(logged.lines.map(({ level }) => level)).toEqual([50, 50]);
    expect(await readdir(directory)).not.toContain("set-aside");
  });

  test("that is torn or foreign is set aside and logged, and stops nothing", async () => {
    const spool = openSpool();
    for (const id of ["a", "b", "c"]) await spool.save(entryOf(id));
    await spool.close();
    const [torn = "", , empty = ""] = await files(".json");
    await writeFile(join(directory, torn), '{"notification":{"id":"a"');
    await writeFile(join(directory, empty), "");
    await writeFile(join(directory, "0123456789abcdef.000007.tmp"), "half");
    await writeFile(join(directory, "notes.txt"), "mine");
    await mkdir(join(directory, "lost+found"));
    const next = openSpool();
    expect(idsOf(await next.maintain())).toEqual(["b"]);
    expect((await readdir(join(directory, "set-aside"))).length).toBe(4);
    expect(logged.lines.map(({ msg }) => msg)).toHaveLength(4);
    expect(await next.maintain()).toEqual([]);
    expect(logged.lines).toHaveLength(4);
    expect(await files(".tmp")).toEqual([]);
  });
});

test("a disk that cannot be written is logged once, and once when it works again with everything on it", async () => {
  await writeFile(join(home, "alerts"), "a file where the directory should be");
  const spool = openSpool();
  const entries = [entryOf("a"), entryOf("b")];
  for (const entry of entries) await spool.save(entry);
  expect(await spool.maintain()).toEqual([]);
  expect(logged.lines).toMatchObject([{ level: 50, msg: expect.stringContaining("from memory") }]);
  await rm(join(home, "alerts"));
  await spool.maintain();
  expect(await files(".json")).toHaveLength(2);
  expect(logged.lines.slice(1)).toMatchObject([{ level: 30 }]);
  expect(faults).toEqual([expect.any(String), "recovered"]);
  await spool.close();
});

test("an entry that cannot be written does not stop the others, and is retried", async () => {
  const spool = openSpool();
  const done = entryOf("a");
  await spool.save(done);
  const [file = ""] = await files(".json");
  const inTheWay = join(directory, file.replace("000000.json", "000001.tmp"));
  await mkdir(inTheWay);
  delete done.pending.slack;
  await Promise.all([spool.save(entryOf("b")), spool.save(entryOf("c")), spool.save(done)]);
  expect(await files(".json")).toEqual([file.replace("000000", "000002")]);
  await rm(inTheWay, { recursive: true });
  await spool.save(entryOf("d"));
  expect(await files(".json")).toHaveLength(3);
  await spool.maintain();
  expect(logged.lines.map(({ level }) => level)).toEqual([50, 30]);
  await spool.close();
});

test("a removed directory is created again", async () => {
  const spool = openSpool();
  await spool.save(entryOf("a"));
  await rm(directory, { recursive: true });
  await spool.save(entryOf("b"));
  await spool.save(entryOf("c"));
  expect(await files(".json")).toHaveLength(2);
  expect(await files(".owner")).toHaveLength(1);
  await spool.close();
});

test.skipIf(process.getuid?.() === 0)("a directory that may not be written stops nothing", async () => {
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o500);
  const spool = openSpool();
  await spool.save(entryOf("a"));
  expect(await spool.maintain()).toEqual([]);
  expect(logged.lines).toHaveLength(1);
  await chmod(directory, 0o700);
  await spool.close();
});
