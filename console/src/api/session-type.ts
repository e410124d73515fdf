import type { paths } from "./schema.ts";

/** Who is logged in, what they may do, and what the service is. */
export type Session = paths["/api/console/session"]["post"]["responses"][200]["content"]["application/json"];
