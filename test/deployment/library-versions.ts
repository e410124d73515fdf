import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../repository/imports.ts";

/** The tables of a small library before its changes. */
export const librarySchema = `
  create table if not exists books (id integer primary key, title text not null);
  create table if not exists loans (id integer primary key, book_id integer not null references books (id),
    reader text not null, note text);
  create table if not exists visits (id integer generated always as identity primary key, at timestamptz not null)`;

/** 3 books and 2,000 loans. */
export const libraryRows = `
  insert into books values (1, 'Malgudi Days'), (2, 'The Guide'), (3, 'Gitanjali');
  insert into loans select n, 1 + n % 3, 'reader ' || n % 40, 'note ' || n from generate_series(1, 2000) n;
  insert into visits (at) values (now())`;

/** Step 1, which is in production. */
export const dueDates = `defineChange({
  step: 1, name: "due-dates", title: "Loans have a due date", requires: [], risk: "low",
  parts: [columns("loans", { due_on: { type: "date" } }), backfill("loans", "due_on", { value: sql\`'2027-03-01'::date\` })],
})`;

/** Step 2, for before the switch, and step 3, for after it. */
export const returns = `defineChange({
  step: 2, name: "returns", title: "Loans have a day of return", requires: [], risk: "critical", acknowledge: "returns away",
  parts: [columns("loans", { returned_on: { type: "date" } }), backfill("loans", "returned_on", { value: sql\`this.due_on\` })],
})`;
export const readers = `defineChange({
  step: 3, name: "reservations", title: "Books can be reserved", requires: [2], risk: "high", release: "after",
  parts: [table("reservations", "book_id integer not null references books (id), reader text not null")],
})`;
/** Step 2, which loses the note of a loan whenever it moves in a direction. */
const losing = (name: string, parts: string) =>
  `defineChange({ step: 2, name: "${name}", title: "A note is lost", requires: [], risk: "low", parts: [${parts}] })`;
const loss = "await sql`update loans set note = null where id = 7`.execute(db);";
export const lossyRollback = losing(
  "lossy-rollback",
  `{ ...behaviour("lossy"), swap: async ({ db, direction }) => { if (direction === "rollback") { ${loss} } } }`,
);
/** No rollback can bring it back: a proof, which begins after it, finds nothing. */
export const lossyApplication = losing(
  "lossy-application",
  `{ ...behaviour("lossy"), apply: async (db) => { ${loss} } }`,
);
export const failing = losing(
  "failing",
  `{ ...behaviour("failing"), apply: async (db) => { await sql\`select shelf from loans\`.execute(db); } }`,
);

export interface LibraryVersion {
  version: string;
  /** The text of its changes. */
  changes: readonly string[];
  /** Statements before it listens. */
  start?: string;
  /** The body of its journey. */
  journey?: string;
}

/** Writes a version of the library into a directory, as if it were installed there. */
export const writeVersion = async (
  directory: string,
  { version, changes, start = "", journey = "return 'nothing';" }: LibraryVersion,
): Promise<{ version: string; directory: string; sha256: null }> => {
  await mkdir(directory, { recursive: true });
  await symlink(join(root, "node_modules"), join(directory, "node_modules"));
  await writeFile(join(directory, "package.json"), '{ "type": "module" }');
  await writeFile(
    join(directory, "earlybird.config.js"),
    `import { createServer } from "node:http";
import { backfill, behaviour, columns, defineChange, table } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";

export default {
  name: "Library",
  version: ${JSON.stringify(version)},
  changes: [${changes.join(", ")}],
  createSchema: (pool) => pool.query(${JSON.stringify(librarySchema)}),
  journeys: async () => [{ name: "loans", run: async ({ fetch, pool, settings, dataDir, now }) => { ${journey} } }],
  serve: async ({ pool, settings, slot }) => {
    ${start}
    // What services do by themselves: it is no difference.
    await pool.query("delete from visits");
    const server = createServer(async (request, response) => {
      if (request.url === "/readyz") return response.end("ready");
      if (request.url !== "/loans") return response.writeHead(404).end("{}");
      const { rows } = await pool.query("select count(*)::int as loans from loans");
      response.setHeader("content-type", "application/json").end(JSON.stringify({ ...rows[0], slot: slot !== undefined }));
    });
    slot?.attach(server);
    await new Promise((resolve) => (slot ? server.listen(slot.path, resolve) : server.listen(settings.PORT, settings.HOST, resolve)));
    return {
      greeting: "The library is open",
      close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
    };
  },
};
`,
  );
  return { version, directory, sha256: null };
};
