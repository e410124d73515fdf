import { sql } from "kysely";
import { defineCheck, go, noGo, unknown } from "../check.ts";
import { hasTable, onDatabase } from "../database.ts";

export const nothingOpen = defineCheck({
  id: "nothing-open",
  number: 9,
  group: "system",
  name: "Open operations",
  asks: "No operation on steps and no other release is open.",
  validForMs: 300_000,
  run: (context) =>
    onDatabase(context, async (db) => {
      if (!(await hasTable(db, "operations")))
        return unknown("The tables of the platform are missing.", 'Run "earlybird schema".');
      const { rows } = await sql<{ id: string; state: string }>`
        select id::text, state from earlybird.operations where state in ('running', 'interrupted') order by id`.execute(
        db,
      );
      const [operation] = rows;
      if (operation)
        return noGo(
          `Operation ${operation.id} is ${operation.state}.`,
          'Wait for it, or run "earlybird resume" or "earlybird abort".',
        );
      if (!(await hasTable(db, "releases"))) return go("No operation is open, and no release was ever made.");
      const { rows: releases } = await sql<{ id: string; state: string }>`
        select id::text, state from earlybird.releases where state not in ('planned', 'preflight', 'completed', 'reverted')`.execute(
        db,
      );
      const [release] = releases;
      return release
        ? noGo(`Release ${release.id} is ${release.state}.`, "Complete or revert it first.")
        : go("No operation and no release is open.");
    }),
});
