import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { debianPrograms } from "./debian-package.ts";
import { freePort } from "./free-port.ts";

/** Where `promtool` and `prometheus` are; undefined where there is neither them nor a Debian to fetch them from. */
export const prometheusPrograms = await debianPrograms("prometheus", ["promtool", "prometheus"]);

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
 * @param folder where it keeps its data; the caller removes it
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
