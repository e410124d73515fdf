import pg from "pg";

/** Parsers of a service that takes every value as the database writes it. */
export const textParsers: pg.CustomTypesConfig = {
  getTypeParser: (() => String) as unknown as typeof pg.types.getTypeParser,
};

const int4Array = 1007;
const types: number[] = [...Object.values(pg.types.builtins), int4Array];

/** Has the whole process read its values in this way, as long as `work` takes. */
export const withTextParsers = async <T>(work: () => Promise<T>): Promise<T> => {
  const before = types.map((oid) => pg.types.getTypeParser(oid));
  for (const oid of types) pg.types.setTypeParser(oid, String);
  try {
    return await work();
  } finally {
    for (const [n, oid] of types.entries()) pg.types.setTypeParser(oid, before[n] ?? String);
  }
};
