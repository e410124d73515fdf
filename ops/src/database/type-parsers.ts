import pg from "pg";

const { BOOL, BYTEA, INT8, INT4, FLOAT8, JSON: json, JSONB, TIMESTAMPTZ } = pg.types.builtins;
const int4Array = 1007;

const bytes = (text: string): Buffer => {
  if (text.startsWith("\\x")) return Buffer.from(text.slice(2), "hex");
  // The older format, if bytea_output is set to escape.
  const unescaped = text.replaceAll(/\\(\\|[0-7]{3})/g, (_, code: string) =>
    code === "\\" ? code : String.fromCharCode(Number.parseInt(code, 8)),
  );
  return Buffer.from(unescaped, "latin1");
};

const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [BOOL]: (text) => text === "t",
  [BYTEA]: bytes,
  // Counts and sizes stay far below 2^53.
  [INT8]: Number,
  [INT4]: Number,
  [FLOAT8]: Number,
  [json]: JSON.parse,
  [JSONB]: JSON.parse,
  [TIMESTAMPTZ]: (text) => new Date(text),
  [int4Array]: (text) => (text === "{}" ? [] : text.slice(1, -1).split(",").map(Number)),
};

/**
 * Type parsers of the platform's connections. A service may configure other parsers, for its pool or globally by
 * `pg.types.setTypeParser`; the platform must not depend on them.
 */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number) => parsers[oid] ?? String) as typeof pg.types.getTypeParser,
};
