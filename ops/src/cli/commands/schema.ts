import { Command } from "commander";
import { operator, withSession } from "../context.ts";
import { print, printJson } from "../output.ts";

export const schemaCommand = () =>
  new Command("schema")
    .description("create missing tables and apply pending changes")
    .option("--json", "print one JSON document")
    .action(({ json }: { json?: boolean }) =>
      withSession(async ({ service, settings, database, manager }) => {
        await service.createSchema?.(database.direct, settings);
        const applied = await manager.install(operator());
        if (json) return printJson({ applied });
        print(applied.length > 0 ? `Applied ${applied.join(", ")}.` : "The schema is up to date.");
      }),
    );
