import pg from "pg";

/** The address of a database of a copy, for the environment of a program. */
export const addressOf = (settings: pg.ClientConfig, database = settings.database ?? ""): string => {
  const { connectionString, host = "", port, user = "" } = settings;
  const url = new URL(connectionString ?? `postgresql://${encodeURIComponent(user)}@localhost/`);
  if (database) url.pathname = `/${encodeURIComponent(database)}`;
  if (connectionString !== undefined) return url.href;
  // A directory is no host of a URL.
  url.searchParams.set("host", host);
  url.searchParams.set("port", String(port));
  return url.href;
};

/** Any other database: one that is copied must have no sessions. */
const maintenance = "postgres";

/**
 * Copies the database of a copy, for as long as `work` takes. A version that is tried writes by itself, such as sessions that
 * end: these writes must not be taken for an effect of the steps.
 *
 * @param work gets the address of the second copy
 */
export const withSecondCopy = async <T>(
  settings: pg.ClientConfig,
  work: (address: string) => Promise<T>,
): Promise<T> => {
  const first = decodeURIComponent(new URL(addressOf(settings)).pathname.slice(1));
  const second = `${first}_tried`;
  const [from, to] = [first, second].map((name) => pg.escapeIdentifier(name));
  const administer = async (statement: string) => {
    const client = new pg.Client({ connectionString: addressOf(settings, maintenance) });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await administer(`create database ${to} template ${from}`);
  try {
    return await work(addressOf(settings, second));
  } finally {
    await administer(`drop database ${to} with (force)`);
  }
};
