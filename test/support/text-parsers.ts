import pg from "pg";

/** Type parsers that return every value as PostgreSQL's text. */
export const textParsers: pg.CustomTypesConfig = {
  getTypeParser: (() => String) as unknown as typeof pg.types.getTypeParser,
};

const int4Array = 1007;
const types: number[] = [...Object.values(pg.types.builtins), int4Array];

/** Sets text parsers for the whole process while `work` runs. */
export const withTextParsers = async <T>(work: () => Promise<T>): Promise<T> => {
  const before = types.map((oid) => pg.types.getTypeParser(oid));
  for (const oid of types) pg.types.setTypeParser(oid, String);
  try {
    return await work();
  } finally {
    for (const [n, oid] of types.entries()) pg.types.setTypeParser(oid, before[n] ?? String);
  }
};
