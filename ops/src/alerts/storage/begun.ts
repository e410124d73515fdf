import { type Kysely, sql } from "kysely";
import { type PeriodPage, periodPage } from "../../database/period-page.ts";
import type { PastMute } from "../incidents/begun.ts";
import type { Mute } from "../incidents/mute.ts";
import type { Alert } from "../model/alert.ts";
import { type AlertRow, alertColumns, alertFrom } from "./history-table.ts";

/** The alerts that fired in a period. An alert that several instances raised counts once, as the first one saw it. */
export const alertsBegun = async (db: Kysely<unknown>, page: PeriodPage): Promise<Alert[]> => {
  const { rows } = await sql<AlertRow>`
    select ${alertColumns} from (
      select ${alertColumns}, max(coalesce(resolved_at, 'infinity')) over (
        partition by type, key order by fired_at, id rows between unbounded preceding and 1 preceding
      ) as seen_until
      from earlybird.alert_history
      where fired_at between ${page.from}::timestamptz and ${page.to}::timestamptz
    ) as seen
    where (seen_until is null or seen_until <= fired_at)
      and ${periodPage(page, sql`fired_at`, sql`id`)}`.execute(db);
  return rows.map(alertFrom);
};

interface MuteRow extends Omit<Mute, "muted_at" | "until"> {
  muted_at: Date;
  until: Date;
  ended_at: Date | null;
  ended_by: string | null;
}

/** The mutes that were set in a period. */
export const mutesBegun = async (db: Kysely<unknown>, page: PeriodPage): Promise<PastMute[]> => {
  const { rows } = await sql<MuteRow>`
    select id, type, key, route, author, reason, muted_at, until, ended_at, ended_by
    from earlybird.alert_mutes
    where ${periodPage(page, sql`muted_at`, sql`id`)}`.execute(db);
  return rows.map(({ muted_at, until, ended_at, ...mute }) => ({
    ...mute,
    muted_at: muted_at.toISOString(),
    until: until.toISOString(),
    ended_at: ended_at?.toISOString() ?? null,
  }));
};
