import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { systemClock } from "../../core/clock.ts";
import { thisProcess } from "../../core/process-lease.ts";
import { type Held, type Lease, leaseHolder, takeLease } from "./lease.ts";

let directory: string;
beforeEach(async () => {
  directory = await makeTemporaryDirectory();
});
const take = () => takeLease(directory, systemClock);
const isLease = (taken: Lease | Held): taken is Lease => "release" in taken;

test("one process has it, and the next one after its release", async () => {
  const first = await take();
  if (!isLease(first)) throw new Error("the lease is free");
  expect(await take()).toEqual({ heldBy: thisProcess() });
  expect(await leaseHolder(directory, systemClock)).toEqual(thisProcess());
  await first.release();
  expect(await leaseHolder(directory, systemClock)).toBeUndefined();
  expect(isLease(await take())).toBe(true);
});

test("of many processes that find a dead owner, one takes it", async () => {
  const dead = spawn("true");
  await once(dead, "exit");
  await writeFile(
    join(directory, "lease-7"),
    JSON.stringify({ ...thisProcess(), pid: dead.pid, started: "1" }),
  );
  const taken = await Promise.all(Array.from({ length: 50 }, take));
  expect(taken.filter(isLease)).toHaveLength(1);
  expect(await readdir(directory)).toEqual(["lease-8"]);
});

test("a look while the lease changes hands finds an owner or none", async () => {
  // Another process: within one, the calls keep an order in which the file is always there.
  const others = `n=1; echo -n released > lease-1
    while [ $n -lt 500 ]; do echo -n released > lease-$((n + 1)); rm lease-$n; n=$((n + 1)); done`;
  const child = spawn("sh", ["-c", others], { cwd: directory });
  const ended = once(child, "exit");
  while (child.exitCode === null) expect(await leaseHolder(directory, systemClock)).toBeUndefined();
  expect(await ended).toEqual([0, null]);
  expect(await readdir(directory)).toEqual(["lease-500"]);
});
