import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  ask,
  noon,
  preflightContext,
  productionSettings,
  standing,
} from "../../../../test/support/preflight.ts";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { createShelfCli } from "../../../../test/support/shelf-cli.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { readSettings } from "../../settings/settings.ts";
import { defineCheck, go, noGo } from "./check.ts";
import { checks, type PreflightContext, runPreflight } from "./index.ts";

let shelf: Shelf;
let folder: string;
beforeAll(async () => {
  shelf = await createShelf();
  folder = await makeTemporaryDirectory();
});
afterAll(() => shelf?.drop());

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});
const serve = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
};

const asking = (number: number, parts: Partial<PreflightContext> = {}) =>
  ask(number, preflightContext(shelf, { clock: standing, ...parts }));
const settingsWith = (more: Record<string, string>) => ({
  settings: { read: readSettings({ ...productionSettings, ...more }, "") },
});
const hoursAgo = (hours: number) => new Date(noon.getTime() - hours * 3_600_000);
const write = async (name: string, content: string | Buffer): Promise<string> => {
  await writeFile(join(folder, name), content);
  return join(folder, name);
};

/** A `.tgz` of one file. */
const archiveOf = (name: string, content: string): Buffer => {
  const header = Buffer.alloc(512);
  header.write(name);
  header.write(content.length.toString(8).padStart(11, "0"), 124);
  header.write("0", 156);
  const blocks = Buffer.alloc(Math.ceil(content.length / 512) * 512 + 1_024);
  blocks.write(content);
  return gzipSync(Buffer.concat([header, blocks]));
};

test("the registry has the 38 checks, each with one number and id", () => {
  expect(checks.map(({ number }) => number)).toEqual(Array.from({ length: 38 }, (_, n) => n + 1));
  expect(new Set(checks.map(({ id }) => id)).size).toBe(38);
  expect(checks.filter(({ waivable }) => !waivable).map(({ number }) => number)).toEqual([2, 11, 12]);
});

test("what a release supplies is unknown without it, never GO", async () => {
  for (const number of [2, 7, 15, 16, 21, 25, 28, 29, 30, 33, 35, 36, 37])
    expect([number, (await asking(number)).verdict]).toEqual([number, "unknown"]);
});

type Verdict = "go" | "no_go" | "unknown";
const api = (security: unknown[]) => ({ paths: { "/a": { get: { security, responses: {} } } } });
const documents = (blue: unknown, green: unknown) => ({
  openapi: { blue: async () => blue, green: async () => green },
});
const rehearsed = (ok: boolean, hours: number) => ({
  rehearsal: { latest: async () => ({ at: hoursAgo(hours), ok, detail: "reverted in 2 s" }) },
});
const plans = (problem: string | null) => ({
  copy: { db: shelf.db, hotPlans: async () => [{ query: "orders by day", problem }] },
});
const tested = (...results: [string, string][]) => ({
  testChannels: async () => results.map(([channel, result]) => ({ channel, result, answer: "x" })),
});

test.each<[number, Verdict, string, () => Partial<PreflightContext>]>([
  [3, "go", "valid settings", () => ({})],
  [3, "no_go", "wrong settings", () => ({ settings: { faults: ["PORT: must be a number"] } })],
  [
    7,
    "go",
    "a switch that answers",
    () => ({ switch: { read: async () => ({ verified: true, weights: { blue: 100 } }) } }),
  ],
  [
    7,
    "no_go",
    "a switch that does not confirm",
    () => ({ switch: { read: async () => ({ verified: false, weights: {} }) } }),
  ],
  [
    16,
    "go",
    "a fresh backup",
    () => ({ backups: { lastVerified: async () => ({ id: "b", verifiedAt: hoursAgo(23) }) } }),
  ],
  [
    16,
    "no_go",
    "an old backup",
    () => ({ backups: { lastVerified: async () => ({ id: "b", verifiedAt: hoursAgo(25) }) } }),
  ],
  [16, "no_go", "no backup", () => ({ backups: { lastVerified: async () => null } })],
  [21, "go", "a rehearsal", () => rehearsed(true, 2)],
  [21, "no_go", "a failed rehearsal", () => rehearsed(false, 2)],
  [21, "no_go", "an old rehearsal", () => rehearsed(true, 30)],
  [25, "go", "good plans", () => plans(null)],
  [25, "no_go", "a slow plan", () => plans("sequential scan")],
  [29, "go", "protected routes", () => documents(api([{ a: [] }]), api([{ a: [] }]))],
  [29, "no_go", "an open route", () => documents(api([{ a: [] }]), api([]))],
  [29, "unknown", "a document without logins", () => documents(api([]), api([]))],
  [30, "go", "equal documents", () => documents(api([]), api([]))],
  [30, "no_go", "a lost route", () => documents(api([]), { paths: {} })],
  [33, "go", "no demo login", () => ({ demoLogins: async () => [] })],
  [33, "no_go", "a demo login", () => ({ demoLogins: async () => ["admin@earlybird.local"] })],
  [33, "go", "development", () => settingsWith({ NODE_ENV: "development" })],
  [35, "go", "a channel that delivers", () => tested(["log", "accepted"], ["slack", "accepted"])],
  [35, "no_go", "a channel that refuses", () => tested(["log", "accepted"], ["slack", "refused"])],
  [35, "no_go", "only the log", () => tested(["log", "accepted"])],
  [
    37,
    "go",
    "an acknowledgement",
    () => ({ onCall: { acknowledged: async () => ({ by: "asha", at: hoursAgo(0.5) }) } }),
  ],
  [
    37,
    "unknown",
    "an old acknowledgement",
    () => ({ onCall: { acknowledged: async () => ({ by: "asha", at: hoursAgo(2) }) } }),
  ],
  [38, "go", "no freeze", () => ({})],
  [38, "go", "a later freeze", () => settingsWith({ RELEASE_FREEZE: "2026-03-11T00:00Z/2026-03-12T00:00Z" })],
  [
    38,
    "no_go",
    "a freeze",
    () => settingsWith({ RELEASE_FREEZE: "2026-03-09T00:00Z/2026-03-12T00:00+05:30" }),
  ],
])("check %i is %s with %s", async (number, verdict, _, parts) => {
  expect((await asking(number, parts())).verdict).toBe(verdict);
});

test.each(["tomorrow", "2026-03-12T00:00Z/2026-03-11T00:00Z", "2026-03-11T00:00/2026-03-12T00:00"])(
  "RELEASE_FREEZE refuses %s",
  (RELEASE_FREEZE) => {
    expect(() => settingsWith({ RELEASE_FREEZE })).toThrow("RELEASE_FREEZE: must be intervals");
  },
);

test("the version of Node is compared with engines", async () => {
  await write("package.json", JSON.stringify({ engines: { node: ">=99" } }));
  expect((await asking(1, { root: folder })).verdict).toBe("no_go");
  await write("package.json", JSON.stringify({ engines: { node: ">=20.0.0-0 || ^18" } }));
  expect((await asking(1, { root: folder })).verdict).toBe("go");
  await write("package.json", "{}");
  expect((await asking(1, { root: folder })).verdict).toBe("unknown");
});

test("load of the processors is measured", async () => {
  expect((await asking(6)).evidence).toMatch(/were \d+ % busy/);
});

test("an artefact must have its recorded hash, and a lock file that fixes every package", async () => {
  const file = await write("shelf.tgz", archiveOf("package/index.js", "1"));
  await write(
    "package-lock.json",
    JSON.stringify({ packages: { "": {}, a: { resolved: "https://r/a.tgz", integrity: "sha512-1" } } }),
  );
  const parts = { root: folder, artefact: { file } };
  expect((await asking(2, parts)).verdict).toBe("unknown");
  const sha256 = createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
  await write("shelf.tgz.sha256", `${sha256}  shelf.tgz\n`);
  expect((await asking(2, parts)).verdict).toBe("go");
  expect((await asking(2, { ...parts, artefact: { file, sha256: "0".repeat(64) } })).verdict).toBe("no_go");
  await write("package-lock.json", JSON.stringify({ packages: { b: { resolved: "https://r/b.tgz" } } }));
  expect((await asking(2, parts)).evidence).toBe("package-lock.json has no integrity for b.");
});

test("secrets in the artefact and files that others can read are named without their values", async () => {
  const clean = await write("clean.tgz", archiveOf("package/index.js", "1"));
  const secretFile = await write("jwt-secret", "x");
  await chmod(secretFile, 0o600);
  const parts = { artefact: { file: clean }, secretFiles: [secretFile, join(folder, "absent")] };
  expect((await asking(28, parts)).verdict).toBe("go");
  const leaking = await write("leaking.tgz", archiveOf("package/.env", productionSettings.JWT_SECRET));
  await chmod(secretFile, 0o644);
  const { verdict, evidence } = await asking(28, { ...parts, artefact: { file: leaking } });
  expect(verdict).toBe("no_go");
  expect(evidence).toContain("has mode 0644");
  expect(evidence).toContain("the artefact contains package/.env");
  expect(evidence).toContain("contains JWT_SECRET");
  expect(evidence).not.toContain(productionSettings.JWT_SECRET);
});

test("the heartbeat's monitor must accept; its address is not repeated", async () => {
  const url = await serve((_, response) => response.end());
  expect((await asking(36, settingsWith({ ALERT_HEARTBEAT_URL: url }))).verdict).toBe("go");
  for (const server of servers.splice(0)) server.close();
  const dead = await asking(36, settingsWith({ ALERT_HEARTBEAT_URL: `${url}token` }));
  expect(dead.verdict).toBe("no_go");
  expect(dead.evidence).not.toContain("token");
});

/** A package with one dependency, whose registry is at `registry`. */
const packageOf = async (dependency: string, registry: string): Promise<string> => {
  const root = await mkdtemp(join(folder, "package-"));
  const own = { name: "shelf", version: "1.0.0", dependencies: { [dependency]: "1.2.0" } };
  const resolved = {
    version: "1.2.0",
    resolved: `https://registry.invalid/${dependency}.tgz`,
    integrity: "sha512-1",
  };
  const packages = { "": own, [`node_modules/${dependency}`]: resolved };
  await writeFile(join(root, "package.json"), JSON.stringify(own));
  await writeFile(join(root, "package-lock.json"), JSON.stringify({ ...own, lockfileVersion: 3, packages }));
  await writeFile(join(root, ".npmrc"), `registry=${registry}\nfetch-retries=0\n`);
  return root;
};

test("npm audit: a severe vulnerability is NO-GO, none is GO, and without a registry it is unknown", async () => {
  const vulnerable = {
    id: 1,
    url: "https://example.com/1",
    title: "pollution",
    severity: "critical",
    vulnerable_versions: "<2",
  };
  const registry = (advisories: object) =>
    serve((request, response) => {
      request.resume().on("end", () => {
        response.writeHead(request.url?.includes("advisories") ? 200 : 404, {
          "content-type": "application/json",
        });
        response.end(JSON.stringify(advisories));
      });
    });
  const closed = await registry({});
  servers.pop()?.close();
  // At once: npm takes a second to start.
  const [severe, none, unreachable] = await Promise.all([
    asking(27, { root: await packageOf("minimist", await registry({ minimist: [vulnerable] })) }),
    asking(27, { root: await packageOf("minimist", await registry({})) }),
    asking(27, { root: await packageOf("minimist", closed) }),
  ]);
  expect(severe).toMatchObject({ verdict: "no_go", evidence: "minimist (critical)" });
  expect(none.verdict).toBe("go");
  expect(unreachable.verdict).toBe("unknown");
});

describe("a run", () => {
  const check = (number: number, run: Parameters<typeof defineCheck>[0]["run"], more = {}) =>
    defineCheck({
      id: `c${number}`,
      number,
      group: "system",
      name: `Check ${number}`,
      asks: "",
      run,
      ...more,
    });
  const passing = check(1, async () => go("fine"));
  const throwing = check(2, () => Promise.reject(new Error("boom")));
  const hanging = check(3, () => new Promise(() => undefined), { timeLimitMs: 20, waivable: false });
  const refusing = check(4, async () => noGo("bad", "repair it"));
  const waiver = { by: "asha", reason: "known" };

  test("goes on when a check throws or hangs, and reports progress", async () => {
    const seen: string[] = [];
    const report = await runPreflight(preflightContext(shelf), {
      checks: [passing, throwing, hanging],
      onResult: ({ number }, done, total) => seen.push(`${number}: ${done} of ${total}`),
    });
    expect(report.checks.map(({ verdict }) => verdict)).toEqual(["go", "unknown", "unknown"]);
    expect(report.checks[1]?.evidence).toContain("boom");
    expect(report.checks[2]?.evidence).toContain("no answer within 20 ms");
    expect(seen.at(-1)).toBe("3: 3 of 3");
    expect(report.verdict).toBe("unknown");
  });

  test("is NO-GO before UNKNOWN before GO; waivers change that, and are kept with their reason", async () => {
    const run = (...numbers: number[]) =>
      runPreflight(preflightContext(shelf), {
        checks: [passing, throwing, refusing],
        waivers: numbers.map((number) => ({ check: number, ...waiver })),
      });
    expect((await run()).verdict).toBe("no_go");
    expect((await run(4)).verdict).toBe("unknown");
    const waived = await run(1, 2, 4);
    expect(waived.verdict).toBe("go");
    expect(waived.checks.map((each) => each.waived)).toEqual([null, waiver, waiver]);
  });

  test.each([
    [3, "known", "EB_CHECK_NOT_WAIVABLE"],
    [9, "known", "EB_CHECK_UNKNOWN"],
    [4, " ", "EB_REASON_MISSING"],
  ])("refuses to waive check %i for %j: %s", async (number, reason, code) => {
    const run = runPreflight(preflightContext(shelf), {
      checks: [hanging, refusing],
      waivers: [{ check: number, by: "asha", reason }],
    });
    await expect(run).rejects.toMatchObject({ code });
  });
});

test("the command prints, stores and reports the answers, and its exit status is the verdict", async () => {
  const cli = await createShelfCli();
  const earlybird = (...args: string[]) => cli(shelf.url, "preflight", ...args);
  const ok = await earlybird("--only", "11,13", "--only", "20");
  expect(ok.stdout).toContain("Ledger: 3 entries, the chain is intact.");
  expect(ok.exitStatus).toBe(0);
  const report = join(folder, "report.md");
  const refused = await earlybird("--only", "16,32", "--report", report, "--json");
  expect(refused.exitStatus).toBe(4);
  expect(JSON.parse(refused.stdout)).toMatchObject({ verdict: "no_go", counts: { no_go: 1, unknown: 1 } });
  expect(await readFile(report, "utf8")).toContain("| 32 Database login | NO-GO |");
  expect((await earlybird("--only", "16")).exitStatus).toBe(6);
  expect((await earlybird("--only", "16", "--waive", "16")).stderr).toContain("A waiver needs a reason.");
  expect((await earlybird("--only", "16", "--waive", "16", "--reason", "provider")).stdout).toContain(
    "UNKNOWN, waived",
  );
  expect((await earlybird("--waive", "12", "--reason", "x")).exitStatus).toBe(4);
  const { rows } = await sql<{ number: number }>`
    select number, verdict, waived_for from earlybird.release_checks order by id desc limit 1`.execute(
    shelf.db,
  );
  expect(rows).toEqual([{ number: 16, verdict: "unknown", waived_for: "provider" }]);
  const [entry] = await shelf.manager.readLedger({ limit: 1 });
  expect(entry).toMatchObject({ action: "preflight.waiver", reason: "provider", result: { check: 16 } });
  const settings = await cli("not-an-address", "preflight", "--only", "3,11", "--json");
  expect(settings.exitStatus).toBe(4);
  expect(JSON.parse(settings.stdout).checks.map((each: { verdict: string }) => each.verdict)).toEqual([
    "no_go",
    "unknown",
  ]);
});
