import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const cache = fileURLToPath(new URL("../../node_modules/.cache", import.meta.url));

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const onPath = async (): Promise<string | undefined> => {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    if ((await exists(join(folder, "promtool"))) && (await exists(join(folder, "prometheus")))) return folder;
  }
  return undefined;
};

/**
 * Fetches Debian's package and unpacks its programs, once. It is not installed: that would start a Prometheus on this
 * machine, which nobody asked for.
 */
const unpacked = async (): Promise<string | undefined> => {
  const home = join(cache, "prometheus");
  const programs = join(home, "usr", "bin");
  if (await exists(join(programs, "promtool"))) return programs;
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, "prometheus-"));
  try {
    await download(draft);
    const [file = ""] = (await readdir(draft)).filter((name) => name.endsWith(".deb"));
    await run("dpkg-deb", ["-x", file, "."], { cwd: draft });
    await rm(join(draft, file));
    // Another test file may have been quicker; then what it unpacked serves.
    await rename(draft, home).catch(() => rm(draft, { recursive: true, force: true }));
    return programs;
  } catch {
    await rm(draft, { recursive: true, force: true });
    return undefined;
  }
};

const download = async (folder: string): Promise<void> => {
  const fetch = () => run("apt-get", ["download", "prometheus"], { cwd: folder, timeout: 60_000 });
  await fetch().catch(async () => {
    await run("apt-get", ["update"], { timeout: 60_000 });
    await fetch();
  });
};

/** Where `promtool` and `prometheus` are; undefined where there is neither them nor a Debian to fetch them from. */
export const prometheusPrograms: string | undefined = (await onPath()) ?? (await unpacked());

/** Runs promtool: what it says, and whether it is content. */
export const promtool = async (
  args: readonly string[],
  input = "",
): Promise<{ passed: boolean; words: string }> => {
  const child = spawn(join(prometheusPrograms ?? "", "promtool"), args);
  let words = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      words += text;
    });
  }
  child.stdin.end(input);
  const [code] = await once(child, "close");
  return { passed: code === 0, words };
};

/** A Prometheus that scrapes one place four times a second. */
export interface RunningPrometheus {
  /** The value of each series that a query finds, by its labels. */
  query(promql: string): Promise<{ labels: Record<string, string>; value: number }[]>;
  stop(): Promise<void>;
}

/**
 * Starts one.
 *
 * @param folder where it keeps its data; removed by whoever made it
 * @param target host and port
 */
export const startPrometheus = async (folder: string, target: string): Promise<RunningPrometheus> => {
  const config = join(folder, "prometheus.yml");
  const scrape = { job_name: "earlybird", static_configs: [{ targets: [target] }] };
  const global = { scrape_interval: "250ms", scrape_timeout: "250ms" };
  // JSON is YAML.
  await writeFile(config, JSON.stringify({ global, scrape_configs: [scrape] }));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    join(prometheusPrograms ?? "", "prometheus"),
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: "ignore" },
  );
  const exited = once(child, "exit");
  const query = async (promql: string) => {
    const answer = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(promql)}`);
    const { data } = (await answer.json()) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  };
  while (
    !(await query("up").then(
      () => true,
      () => false,
    ))
  )
    await sleep(50);
  return {
    query,
    stop: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address ? address.port : 0;
};
