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
  await administer(settings, async (client) => {
    await client.query(`create database ${to} template ${from}`);
    await copySettings(client, first, second);
  });
  try {
    return await work(addressOf(settings, second));
  } finally {
    await administer(settings, (client) => client.query(`drop database if exists ${to} with (force)`));
  }
};

const administer = async (
  settings: pg.ClientConfig,
  work: (client: pg.Client) => Promise<unknown>,
): Promise<void> => {
  const client = new pg.Client({ connectionString: addressOf(settings, maintenance) });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
};

/** A template brings no settings of `alter database`, such as the search path. */
const copySettings = async (client: pg.Client, from: string, to: string): Promise<void> => {
  const { rows } = await client.query<{ role: string | null; name: string; value: string }>(
    `select nullif(setrole, 0)::regrole::text as role, split_part(setting, '=', 1) as name,
       substr(setting, strpos(setting, '=') + 1) as value
     from pg_db_role_setting join pg_database d on d.oid = setdatabase, unnest(setconfig) as setting
     where datname = $1`,
    [from],
  );
  for (const { role, name, value } of rows) {
    // The stored form of a list is no literal.
    await client.query("select set_config($1, $2, false)", [name, value]);
    const owner = role === null ? "" : `role ${role} in `;
    await client.query(`alter ${owner}database ${pg.escapeIdentifier(to)} set ${name} from current`);
  }
};
