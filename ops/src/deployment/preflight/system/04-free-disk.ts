import { statfs } from "node:fs/promises";
import { sql } from "kysely";
import { defineCheck, demand } from "../check.ts";
import { onDatabase } from "../database.ts";
import { bytes } from "../words.ts";

const timesDatabase = 2;

export const freeDisk = defineCheck({
  id: "free-disk",
  number: 4,
  group: "system",
  name: "Free disk space",
  asks: "The disk of the data directory has twice the size of the database free.",
  run: (context) =>
    onDatabase(context, async (db) => {
      const { rows } = await sql<{
        size: string;
      }>`select pg_database_size(current_database())::text as size`.execute(db);
      const size = Number(rows[0]?.size);
      const { bavail, bsize } = await statfs(context.dataDir);
      const free = bavail * bsize;
      return demand(
        free >= timesDatabase * size,
        `${bytes(free)} are free; the database has ${bytes(size)}.`,
        `Free disk space in the data directory until ${bytes(timesDatabase * size)} are free.`,
      );
    }),
});
