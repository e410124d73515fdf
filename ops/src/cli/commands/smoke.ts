import { Command, InvalidArgumentError, Option } from "commander";
import type { Slot } from "../../deployment/index.ts";
import { serverAddress } from "../arguments.ts";
import { bold, dim, duration, green, print, printJson, red } from "../output.ts";
import { findRoot, loadService } from "../service-file.ts";

const help = `
The built-in journeys ask for /livez, /readyz, /api/health and the OpenAPI document, as far as the service
has them; those of the service follow. Journeys read only. Each may take ten seconds.

Exit status 4: a journey failed.`;

const blocked = 4;

interface Options {
  slot?: Slot;
  url?: string;
  asOf?: Date;
  json?: boolean;
}

const moment = (text: string): Date => {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw new InvalidArgumentError("The value must be a time in ISO 8601.");
  return time;
};

export const smokeCommand = () =>
  new Command("smoke")
    .description("try what users do first on a running version; exit 4 if a journey fails")
    .addOption(
      new Option("--slot <slot>", "the version in this slot, also without traffic").choices([
        "blue",
        "green",
      ]),
    )
    .addOption(
      new Option("--url <url>", "the version at this address; default: the running server")
        .argParser(serverAddress)
        .conflicts("slot"),
    )
    .addOption(new Option("--as-of <time>").argParser(moment).hideHelp())
    .option("--json", "print one JSON document")
    .addHelpText("after", help)
    .action(async ({ slot, url, asOf, json }: Options) => {
      const service = await loadService(findRoot(process.cwd()));
      const { smoke } = await import("../smoke.ts");
      const report = await smoke(service, {
        ...(slot ? { slot } : { url }),
        asOf,
        onResult: ({ name, ok, ms, evidence }) => {
          if (!json)
            print(`${ok ? green("ok    ") : red("FAILED")}  ${name}: ${evidence} ${dim(duration(ms))}`);
        },
      });
      if (!report.ok) process.exitCode = blocked;
      if (json) return printJson(report);
      const failed = report.journeys.filter((journey) => !journey.ok).length;
      const verdict = failed === 0 ? green("every journey succeeds") : red(`${failed} failed`);
      print(`${bold(`${service.name} ${report.version}`)}: ${report.journeys.length} journeys, ${verdict}`);
    });
