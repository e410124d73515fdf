import { writeFile } from "node:fs/promises";
import { Command } from "commander";
import type { CheckResult, PreflightReport } from "../../deployment/index.ts";
import { positiveInteger } from "../arguments.ts";
import { operator } from "../context.ts";
import { bold, dim, green, print, printJson, printStatus, red, yellow } from "../output.ts";
import { findRoot, loadService } from "../service-file.ts";

const help = `
Each check is GO, NO-GO or UNKNOWN, with evidence. Nothing is changed; the answers are stored in
earlybird.release_checks. A waiver lets a check pass that is not GO, except 2, 11 and 12; it needs a reason.

Exit status 4: a check is NO-GO. 6: no check is NO-GO, but one is UNKNOWN, and nobody has waived it.`;

const exitStatus = { go: 0, no_go: 4, unknown: 6 } as const;

interface Options {
  json?: boolean;
  only?: number[];
  waive?: number[];
  reason?: string;
  report?: string;
  artefact?: string;
  openapiBlue?: string;
  openapiGreen?: string;
  testChannels?: boolean;
}

const numbers = (text: string, earlier: number[] = []): number[] => [
  ...earlier,
  ...text.split(",").map(positiveInteger),
];

export const preflightCommand = () =>
  new Command("preflight")
    .description("check whether a release can start; exit 4 on NO-GO, 6 on UNKNOWN")
    .option("--only <numbers>", "run these checks only (repeatable)", numbers)
    .option("--waive <numbers>", "let these checks pass (repeatable)", numbers)
    .option("--reason <text>", "why they may pass")
    .option("--artefact <file>", "the packed new version, as npm pack writes it")
    .option("--openapi-blue <place>", "OpenAPI document of the version in production: a file or an address")
    .option("--openapi-green <place>", "OpenAPI document of the new version")
    .option("--test-channels", "send a test message through each alert channel")
    .option("--report <file>", "write a report in Markdown")
    .option("--json", "print one JSON document")
    .addHelpText("after", help)
    .action(async ({ json, only, waive = [], reason = "", report: file, ...request }: Options) => {
      const root = findRoot(process.cwd());
      const service = await loadService(root);
      const { loadPreflight } = await import("../../deployment/index.ts");
      const { checks, markdownReport, runPreflight, verdictText } = await loadPreflight();
      const { withPreflight } = await import("./preflight-context.ts");
      const by = operator();
      const report = await withPreflight(root, { service, request }, async ({ context, record }) => {
        const result = await runPreflight(context, {
          checks,
          ...(only && { only }),
          waivers: waive.map((check) => ({ check, by: by.requestedBy, reason })),
          onResult: ({ number, name }, done, total) => {
            if (!json && process.stderr.isTTY) printStatus(dim(`${done} of ${total}: ${number} ${name}`));
          },
        });
        await record?.(result, by).catch(reportUnsaved);
        return result;
      });
      process.exitCode = exitStatus[report.verdict];
      if (file !== undefined) await writeFile(file, markdownReport(report));
      if (json) printJson(report);
      else print(reportText(report, verdictText));
    });

/** The verdict matters more than its archive: a login may read everything and create nothing. */
const reportUnsaved = (error: unknown): void =>
  printStatus(
    yellow(`The answers were not stored: ${error instanceof Error ? error.message : String(error)}`),
  );

const colours = { go: green, no_go: red, unknown: yellow } as const;
const verdictWidth = 16;

const reportText = (
  { verdict, counts, checks, valid_until }: PreflightReport,
  verdictText: (check: Pick<CheckResult, "verdict" | "waived">) => string,
): string => {
  const lines = checks.map((check) => {
    const label = colours[check.waived ? "go" : check.verdict](verdictText(check).padEnd(verdictWidth));
    const line = `${String(check.number).padStart(2)}  ${label}  ${check.name}: ${check.evidence}`;
    return check.remedy && !check.waived ? `${line}\n${" ".repeat(22)}${dim(check.remedy)}` : line;
  });
  const { go, no_go, unknown, waived } = counts;
  return [
    ...lines,
    "",
    `${bold(colours[verdict](verdictText({ verdict, waived: null })))}: ${go} GO, ${no_go} NO-GO, ${unknown} UNKNOWN, ${waived} waived; valid until ${valid_until}`,
  ].join("\n");
};
