import { isDeepStrictEqual } from "node:util";
import type { Database } from "../change/change.ts";
import { blocks, type Finding } from "../change/finding.ts";
import { findPrimaryKey } from "../database/primary-key.ts";
import { catalogPlaces, embeddedPlaces } from "./id-references.ts";
import type { EmbeddedIdentifier } from "./id-style.ts";

/** Types that hold an id of either style, whatever its length. */
const idTypes = ["text", "character varying"];

/** What the catalog says against rewriting the ids of these tables. */
export const identifierFindings = async (
  db: Database,
  tables: readonly string[],
  embedded: readonly EmbeddedIdentifier[],
): Promise<Finding[]> => {
  const findings: Finding[] = [];
  for (const table of tables) findings.push(...(await keyFindings(db, table)));
  const refers = new Map<string, string>();
  for (const place of await catalogPlaces(db, tables)) {
    const column = `${place.table}.${place.column}`;
    if (!idTypes.includes(place.type))
      findings.push(
        blocks(
          "id-type",
          `Column ${column} holds ids of ${place.refers} and is of type ${place.type}`,
          `make it text: alter table ... alter column ... type text`,
        ),
      );
    if (!place.deterministic)
      findings.push(
        blocks(
          "id-collation",
          `Column ${column} holds ids of ${place.refers}, and its collation holds different ids equal`,
          "give it a deterministic collation",
        ),
      );
    const other = refers.get(column);
    if (other !== undefined)
      findings.push(
        blocks(
          "id-of-two-tables",
          `Column ${column} holds ids of both ${other} and ${place.refers}`,
          "drop one of the foreign keys that lead to it, or leave one of the tables out of the change",
        ),
      );
    refers.set(column, place.refers);
  }
  for (const { table, column, refers: target, type } of await embeddedPlaces(db, embedded)) {
    if (type !== "jsonb")
      findings.push(
        blocks(
          "id-type",
          `Column ${table}.${column} holds ids of ${target} in documents and is of type ${type}`,
          "make it jsonb: documents of another type do not come back to the letter",
        ),
      );
  }
  return findings;
};

const keyFindings = async (db: Database, table: string): Promise<Finding[]> => {
  const key = (await findPrimaryKey(db, table)).map(({ name }) => name);
  // That there is none, or no such table, is a finding of every part.
  if (key.length === 0 || isDeepStrictEqual(key, ["id"])) return [];
  return [
    blocks(
      "id-not-key",
      `The primary key of ${table} is (${key.join(", ")}), not the column id`,
      "make id the primary key, or leave the table out of the change",
    ),
  ];
};
