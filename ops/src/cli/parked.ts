import { Command } from "commander";
import { positiveInteger } from "./arguments.ts";
import { answer, answerJson, bytes, duration, number, table } from "./output.ts";
import { readSteps } from "./read-steps.ts";
import { operator, withSession } from "./session.ts";

interface PurgeOptions {
  reason?: string;
  acknowledge: string[];
  json?: boolean;
}

const purgeCommand = () =>
  new Command("purge")
    .description("destroy what is parked for a step: re-applying will not bring it back")
    .argument("<step>", "the step", positiveInteger)
    .option("--reason <text>", "why; kept in the ledger")
    .option("--acknowledge <phrase>", 'as in "lose step 23"', (phrase, all: string[]) => [...all, phrase], [])
    .option("--json", "answer with one JSON document")
    .action((given: number, { reason, acknowledge, json }: PurgeOptions) =>
      withSession(async ({ manager }) => {
        const [step = given] = (await readSteps(manager, "purge", String(given))).steps;
        const purged = await manager.purge(step, {
          ...operator(),
          acknowledge,
          ...(reason === undefined ? {} : { reason }),
        });
        if (json) return answerJson({ step, purged });
        for (const { table: name, rows } of purged) answer(`${number(rows)} rows of ${name} purged`);
      }),
    );

export const parkedCommand = () =>
  new Command("parked")
    .description("what is parked for the steps that are rolled back: rows, size, age")
    // Options after "purge" are purge's own.
    .enablePositionalOptions()
    .option("--json", "answer with one JSON document")
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
