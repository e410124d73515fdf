import { Command } from "commander";
import { positiveInteger } from "../arguments.ts";
import { operator, withSession } from "../context.ts";
import { answer, answerJson, bytes, duration, number, table } from "../output.ts";
import { readSteps } from "../read-steps.ts";
import {
  answerAsked,
  type SecondPersonOptions,
  secondPersonOf,
  secondPersonOptions,
  tellingOverride,
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
      const purged = await tellingOverride(session, options.override, (manager) =>
        manager.purge(step, {
          ...operator(),
          acknowledge,
          ...(reason === undefined ? {} : { reason }),
          ...secondPersonOf(options),
        }),
      );
      if ("approval" in purged) return answerAsked(purged.approval, `parked purge ${step}`, options);
      if (json) return answerJson({ step, purged });
      for (const { table: name, rows } of purged) answer(`${number(rows)} rows of ${name} purged`);
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
        if (json) return answerJson({ parked });
        if (parked.length === 0) return answer("Nothing is parked: every step is applied.");
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
        answer(table(["step", "name", "what", "rows", "size", "since", "age"], rows));
      }),
    )
    .addCommand(purgeCommand());
