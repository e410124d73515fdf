import { execFile } from "node:child_process";
import { z } from "zod";
import { defineCheck, demand, type Finding, unknown } from "../check.ts";
import { few } from "../words.ts";

const timeLimitMs = 60_000;

const report = z.looseObject({
  vulnerabilities: z.record(z.string(), z.looseObject({ severity: z.string() })),
  metadata: z.looseObject({ dependencies: z.looseObject({ prod: z.number() }).optional() }).optional(),
});

/** The output of npm audit, which also ends with status 1 if it finds something. */
const runAudit = (root: string): Promise<string> =>
  new Promise((resolve) => {
    const command = process.platform === "win32" ? "npm.cmd" : "npm";
    const options = { cwd: root, timeout: timeLimitMs - 1_000, maxBuffer: 64 * 1024 * 1024 };
    execFile(command, ["audit", "--omit=dev", "--json"], options, (_, stdout) => resolve(stdout));
  });

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

export const npmAudit = defineCheck({
  id: "npm-audit",
  number: 27,
  group: "security",
  name: "Known vulnerabilities",
  asks: "npm audit knows no high or critical vulnerability of a package that runs in production.",
  timeLimitMs,
  validForMs: 86_400_000,
  run: async ({ root }): Promise<Finding> => {
    const parsed = report.safeParse(parse(await runAudit(root)));
    if (!parsed.success)
      return unknown(
        "npm audit gave no result: the registry was not reached, or there is no lock file.",
        "Run the check where npm reaches the registry, or waive it with the result of another scanner.",
      );
    const found = Object.entries(parsed.data.vulnerabilities);
    const severe = found.filter(([, { severity }]) => severity === "high" || severity === "critical");
    return demand(
      severe.length === 0,
      severe.length > 0
        ? few(severe.map(([name, { severity }]) => `${name} (${severity})`))
        : `${found.length} vulnerabilities of low or moderate severity.`,
      "Update these packages: npm audit fix.",
    );
  },
});
