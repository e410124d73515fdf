import { sql } from "kysely";
import { defineCheck, demand } from "../check.ts";
import { onDatabase } from "../database.ts";

export const databaseRole = defineCheck({
  id: "database-role",
  number: 32,
  group: "security",
  name: "Database login",
  asks: "The service's login is no superuser, and its connection is encrypted or local.",
  validForMs: 86_400_000,
  run: (context) =>
    onDatabase(context, async (db) => {
      const { rows } = await sql<{ name: string; superuser: boolean; encrypted: boolean; local: boolean }>`
        select rolname as name, rolsuper as superuser,
          coalesce((select ssl from pg_stat_ssl where pid = pg_backend_pid()), false) as encrypted,
          inet_server_addr() is null or inet_server_addr() <<= '127.0.0.0/8' or inet_server_addr() = '::1' as local
        from pg_roles where rolname = current_user`.execute(db);
      const { name = "", superuser = true, encrypted = false, local = false } = rows[0] ?? {};
      const connection = encrypted ? "encrypted" : local ? "local" : "not encrypted";
      return demand(
        !superuser && (encrypted || local),
        `${name} is ${superuser ? "a superuser" : "no superuser"}; the connection is ${connection}.`,
        "Use a login without superuser rights, and sslmode=verify-full in DATABASE_URL.",
      );
    }),
});
