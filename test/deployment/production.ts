import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type pg from "pg";
import { systemClock } from "../../ops/src/core/clock.ts";
import { directoryDigest } from "../../ops/src/core/directory-digest.ts";
import {
  commandRelease,
  FrontSwitch,
  isOver,
  journalFile,
  listReleases,
  type Release,
  type ReleaseReport,
  readJournal,
  readLaunch,
  readProcess,
  reportOf,
  stopProcess,
  writeLaunch,
} from "../../ops/src/deployment/index.ts";
import { sendCommand } from "../../ops/src/deployment/release/inbox.ts";
import { leaseHolder } from "../../ops/src/deployment/release/lease.ts";
import { planRelease, releaseDirectory } from "../../ops/src/deployment/release/release.ts";
import { root } from "../repository/imports.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import type { ShopVersion } from "./shop.ts";
import { buildShop, removeShop, writeShopVersion } from "./shop-versions.ts";

const run = promisify(execFile);
const earlybird = `${root}ops/bin/earlybird.js`;
const patientMs = 60_000;

/** Waits until something is true of other processes. */
export const until = async (
  isTrue: () => Promise<boolean>,
  otherwise: string | (() => Promise<string>),
  withinMs = patientMs,
): Promise<void> => {
  for (const endMs = performance.now() + withinMs; !(await isTrue()); await sleep(50))
    if (performance.now() > endMs)
      throw new Error(typeof otherwise === "string" ? otherwise : await otherwise());
};

/** Waivers for what a test machine does not have: no registry, no channels, no baseline of an hour, no archive. */
export const waivers = [1, 3, 4, 5, 6, 8, 10, 17, 18, 20, 22, 23, 24, 26, 27, 28, 29, 30, 32, 34, 35, 36, 37];
/** With these, no backup is made and nothing is rehearsed: a release takes seconds. */
export const withoutCopy = [15, 16, 21, 25];

export interface Outcome {
  exitStatus: number;
  stdout: string;
  stderr: string;
}

/** A shop in production: PostgreSQL, front and slot are real, and run by the built command line. */
export class Production {
  readonly dataDir: string;
  readonly url: string;
  front: ChildProcess | undefined;

  private constructor(
    private readonly home: string,
    readonly database: TestDatabase,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    this.dataDir = env.EARLYBIRD_DATA_DIR ?? join(home, "data");
    this.url = `http://127.0.0.1:${env.PORT}`;
  }

  /** @param database of the run's server, unless a test kills its server */
  static async open(settings: Record<string, string> = {}, database?: TestDatabase): Promise<Production> {
    await buildShop();
    const home = await makeTemporaryDirectory();
    const used = database ?? (await createTestDatabase());
    const env = {
      ...process.env,
      NODE_OPTIONS: "",
      NO_COLOR: "1",
      LOG_LEVEL: "warn",
      HOST: "127.0.0.1",
      PORT: String(await freePort()),
      DATABASE_URL: used.url,
      EARLYBIRD_DATA_DIR: join(home, "data"),
      ...settings,
    };
    const production = new Production(home, used, env);
    await production.install("v1", { version: "1.0.0" });
    await production.start();
    return production;
  }

  get pool(): pg.Pool {
    return this.database.pool;
  }

  get traffic(): FrontSwitch {
    return new FrontSwitch(this.dataDir, "");
  }

  /** Writes a version; returns its directory. */
  async install(name: string, version: ShopVersion): Promise<string> {
    const directory = join(this.home, name);
    await writeShopVersion(directory, version);
    return directory;
  }

  /** Starts the front in the directory of the first version, and waits until it serves. */
  async start(): Promise<void> {
    this.front = spawn(process.execPath, [earlybird, "start"], {
      cwd: join(this.home, "v1"),
      env: this.env,
      stdio: ["ignore", "ignore", process.env.SHOW_LOGS ? "inherit" : "ignore"],
    });
    await until(() => this.answers(), "the service does not answer");
  }

  async answers(): Promise<boolean> {
    return fetch(`${this.url}/orders/count`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** Whether the slot that has the traffic serves, with its database. */
  async serves(): Promise<boolean> {
    const { weights, slots } = await this.traffic.state();
    const slot = weights.green > weights.blue ? "green" : "blue";
    return !slots[slot].ejected && (await this.answers());
  }

  async earlybird(...args: string[]): Promise<Outcome> {
    return run(process.execPath, [earlybird, ...args], { cwd: join(this.home, "v1"), env: this.env }).then(
      (said) => ({ exitStatus: 0, ...said }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
        exitStatus: code,
        stdout,
        stderr,
      }),
    );
  }

  /** Starts a release in the background. */
  async release(
    directory: string,
    { waive, args = [] }: { waive: readonly number[]; args?: string[] },
  ): Promise<string> {
    const said = await this.earlybird(
      ...["release", "start", "--detach", "--json", "--to", directory, "--reason", "test"],
      ...["--waive", waive.join(), "--waive-reason", "test", ...args],
    );
    if (said.exitStatus !== 0) throw new Error(said.stderr);
    return (JSON.parse(said.stdout) as { release: string }).release;
  }

  /** Plans a release and starts its conductor, as `release start` does, without the time of another program. */
  async planAndConduct(directory: string): Promise<void> {
    const sha256 = await directoryDigest(directory);
    const waived = [...waivers, ...withoutCopy];
    await planRelease(
      this.dataDir,
      {
        strategy: "blue-green",
        from: {
          slot: "blue",
          artefact: { version: "1.0.0", directory: join(this.home, "v1"), sha256: null },
        },
        to: { slot: "green", artefact: { version: "2.0.0", directory, sha256 } },
        steps: { before: [1], after: [2] },
        acknowledge: [],
        waivers: waived.map((check) => ({ check, by: "Ada", reason: "test" })),
        requested_by: "Ada",
        origin: "test",
        reason: "test",
      },
      systemClock,
    );
    await this.conduct();
  }

  /** Starts the conductor of the newest release if it has none, as `release resume` does. */
  async conduct(): Promise<void> {
    const { id } = await this.newest();
    const directory = releaseDirectory(this.dataDir, id);
    if (await leaseHolder(directory, systemClock)) return;
    const log = await open(join(directory, "conductor.log"), "a");
    const child = spawn(process.execPath, [earlybird, "release", "conduct", id], {
      cwd: join(this.home, "v2"),
      env: { ...this.env, EARLYBIRD_ENV_FILE: join(this.home, "v1", ".env") },
      stdio: ["ignore", log.fd, log.fd],
    });
    await log.close();
    const hasBegun = async () =>
      child.exitCode !== null || (await leaseHolder(directory, systemClock)) !== undefined;
    await until(hasBegun, "the conductor does not begin");
  }

  /** Leaves a command, and starts a conductor for it, as `release revert` does. */
  async tell(command: "revert"): Promise<void> {
    const { id } = await this.newest();
    await commandRelease(this.dataDir, { id, command, by: "Ada", reason: "test" }, systemClock);
    await this.conduct();
  }

  async newest(): Promise<Release> {
    const [release] = await listReleases(this.dataDir);
    if (!release) throw new Error("there is no release");
    return release;
  }

  async report(): Promise<ReleaseReport> {
    const release = await this.newest();
    return reportOf(release, await readJournal(journalFile(this.dataDir, release.id)));
  }

  /** Waits until the newest release is in a state. */
  async reaches(state: ReleaseReport["state"], timeout = patientMs): Promise<ReleaseReport> {
    await until(
      async () => {
        const { state: now, because } = await this.report();
        const isRevertible = state === "reverted" && (now === "completed" || now === "stuck");
        if (now !== state && !isRevertible && (isOver(now) || now === "stuck"))
          throw new Error(`the release is ${now}, not ${state}: ${because}`);
        return now === state;
      },
      async () =>
        `the release is not ${state}: ${JSON.stringify((await this.report()).events.slice(-8), null, 1)}`,
      timeout,
    );
    return this.report();
  }

  /** Accepts what the validation cannot know on a test machine, such as last week, phase by phase. */
  keepAccepting(): { stop: () => void } {
    const accept = async (): Promise<void> => {
      const { id, state } = await this.report();
      const command = { command: "accept", by: "Ada", reason: "it works" } as const;
      if (state === "watching") await sendCommand(releaseDirectory(this.dataDir, id), command, new Date());
    };
    const accepting = setInterval(() => void accept().catch(() => undefined), 300);
    return { stop: () => clearInterval(accepting) };
  }

  async acceptUntilCompleted(): Promise<ReleaseReport> {
    const accepting = this.keepAccepting();
    try {
      return await this.reaches("completed", 120_000);
    } finally {
      accepting.stop();
    }
  }

  /** Tells the release something, by the command line. */
  async command(name: string): Promise<void> {
    const { exitStatus, stderr } = await this.earlybird("release", name, "--reason", "test");
    if (exitStatus !== 0) throw new Error(stderr);
  }

  async killFront(): Promise<void> {
    const front = this.front;
    if (!front || front.exitCode !== null || front.signalCode !== null) return;
    const ended = once(front, "exit");
    front.kill("SIGKILL");
    await ended;
  }

  /** The pid of the conductor; 0 without one. */
  async conductor(): Promise<number> {
    const { id } = await this.newest();
    return (await leaseHolder(releaseDirectory(this.dataDir, id), systemClock))?.pid ?? 0;
  }

  async pidOf(slot: "blue" | "green"): Promise<number> {
    return (await readProcess(this.dataDir, slot))?.owner.pid ?? 0;
  }

  /** The processes in a slot, also those that have not told anybody. */
  async processesIn(slot: "blue" | "green"): Promise<number> {
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(
      pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "")),
    );
    const wanted = ["--slot", slot, "--url", this.url].join("\0");
    return lines.filter((line) => line.includes(wanted)).length;
  }

  async launches(): Promise<Record<"blue" | "green", boolean>> {
    const [blue, green] = await Promise.all([
      readLaunch(this.dataDir, "blue"),
      readLaunch(this.dataDir, "green"),
    ]);
    return { blue: blue !== undefined, green: green !== undefined };
  }

  /** The steps of the shop that are applied. */
  async applied(): Promise<number[]> {
    const { rows } = await this.pool.query<{ step: number }>(
      "select step from earlybird.steps where state = 'applied' order by step",
    );
    return rows.map(({ step }) => step);
  }

  async close(): Promise<void> {
    const conductor = await this.conductor().catch(() => 0);
    if (conductor > 0) process.kill(conductor, "SIGKILL");
    this.front?.kill("SIGKILL");
    // One that an emergency has started is no child.
    const { pid } = await this.traffic.state().catch(() => ({ pid: 0 }));
    if (pid > 0) process.kill(pid, "SIGKILL");
    for (const slot of ["blue", "green"] as const) {
      await writeLaunch(this.dataDir, slot, undefined);
      const running = await readProcess(this.dataDir, slot);
      if (running) await stopProcess(running.owner, 0);
    }
    await this.database.drop();
    await removeShop();
  }
}
