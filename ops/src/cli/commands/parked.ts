import { Command } from "commander";
import { positiveInteger } from "../arguments.ts";
import { operator, withSession } from "../context.ts";
import { bytes, duration, number, print, printJson, table } from "../output.ts";
import { readSteps } from "../read-steps.ts";
import {
  alertOnOverride,
  printApprovalRequest,
  type SecondPersonOptions,
  secondPersonOf,
  secondPersonOptions,
} from "../second-person.ts";

interface PurgeOptions extends SecondPersonOptions {
  reason?: string;
  acknowledge: string[];
  json?: boolean;
}

const purgeCommand = () => {
  const command = new Command("purge")
    .description("delete the parked values of a step permanently")
    .argument("<step>", "the step", positiveInteger)
    .option("--reason <text>", "reason, recorded in the ledger")
    .option("--acknowledge <phrase>", 'as in "lose step 23"', (phrase, all: string[]) => [...all, phrase], [])
    .option("--json", "print one JSON document");
  for (const option of secondPersonOptions()) command.addOption(option);
  return command.action((given: number, options: PurgeOptions) =>
    withSession(async (session) => {
      const { reason, acknowledge, json } = options;
      const [step = given] = (await readSteps(session.manager, "purge", String(given))).steps;
      const purged = await alertOnOverride(session, options.override, (manager) =>
        manager.purge(step, {
          ...operator(),
          acknowledge,
          ...(reason === undefined ? {} : { reason }),
          ...secondPersonOf(options),
        }),
      );
      if ("approval" in purged) return printApprovalRequest(purged.approval, `parked purge ${step}`, options);
      if (json) return printJson({ step, purged });
      for (const { table: name, rows } of purged) print(`${number(rows)} rows of ${name} purged`);
    }),
  );
};

export const parkedCommand = () =>
  new Command("parked")
    .description("list parked values: rows, size, age")
    // Options after "purge" are purge's own.
    .enablePositionalOptions()
    .option("--json", "print one JSON document")
    .action(({ json }: { json?: boolean }) =>
      withSession(async ({ manager }) => {
        const parked = await manager.parked();
        if (json) return printJson({ parked });
        if (parked.length === 0) return print("No values are parked: every step is applied.");
        const rows = parked.flatMap(({ step, name, since, age_seconds, parked: places }) =>
          places.map((place) => [
            String(step),
            name,
            place.place,
            number(place.rows),
            bytes(place.bytes),
            since,
            duration(age_seconds * 1_000),
          ]),
        );
        print(table(["step", "name", "what", "rows", "size", "since", "age"], rows));
      }),
    )
    .addCommand(purgeCommand());
