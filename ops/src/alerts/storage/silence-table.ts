import { type Kysely, sql } from "kysely";
import type { MaintenanceWindow } from "../incidents/maintenance.ts";
import type { Mute } from "../incidents/mute.ts";
import type { EntryStore } from "../incidents/shared-entries.ts";
import type { SilenceStore } from "../incidents/silences.ts";

type Database = Kysely<unknown>;

/** Mutes and maintenance windows as all instances share them. */
export const silenceStore = (db: Database): SilenceStore => ({
  mutes: muteStore(db),
  windows: windowStore(db),
});

const muteStore = (db: Database): EntryStore<Mute> => ({
  save: async (entries) => {
    await sql`
      insert into earlybird.alert_mutes (id, type, key, route, author, reason, muted_at, until, ended_at, ended_by)
      select id, type, key, route, author, reason, muted_at, until, ended_at, ended_by
      from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) as m (
        id text, type text, key text, route text, author text, reason text, muted_at timestamptz, until timestamptz,
        ended_at timestamptz, ended_by text)
      on conflict (id) do update set ended_at = excluded.ended_at, ended_by = excluded.ended_by
      where alert_mutes.ended_at is null`.execute(db);
    // Two instances may mute the same scope at once. The later mute stands, so that no other is in force when it is ended.
    await sql`
      update earlybird.alert_mutes as earlier set ended_at = later.muted_at, ended_by = later.author
      from earlybird.alert_mutes as later
      where later.type = earlier.type and later.key is not distinct from earlier.key
        and later.route is not distinct from earlier.route
        and (later.muted_at, earlier.id) > (earlier.muted_at, later.id)
        and earlier.ended_at is null and later.ended_at is null and earlier.until > later.muted_at`.execute(
      db,
    );
  },
  read: async (now) => {
    const { rows } = await sql<Omit<Mute, "muted_at" | "until"> & { muted_at: Date; until: Date }>`
      select distinct on (type, key, route) id, type, key, route, author, reason, muted_at, until
      from earlybird.alert_mutes
      where ended_at is null and until > ${now}::timestamptz
      order by type, key, route, muted_at desc, id`.execute(db);
    return rows.map(({ muted_at, until, ...mute }) => ({
      ...mute,
      muted_at: muted_at.toISOString(),
      until: until.toISOString(),
    }));
  },
});

const windowStore = (db: Database): EntryStore<MaintenanceWindow> => ({
  save: async (entries) => {
    await sql`
      insert into earlybird.alert_windows
        (id, type, key, route, author, reason, created_at, schedule, ended_at, ended_by)
      select id, type, key, route, author, reason, created_at, schedule, ended_at, ended_by
      from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) as w (
        id text, type text, key text, route text, author text, reason text, created_at timestamptz, schedule jsonb,
        ended_at timestamptz, ended_by text)
      on conflict (id) do update set ended_at = excluded.ended_at, ended_by = excluded.ended_by
      where alert_windows.ended_at is null`.execute(db);
  },
  read: async (now) => {
    const { rows } = await sql<Omit<MaintenanceWindow, "created_at"> & { created_at: Date }>`
      select id, type, key, route, author, reason, created_at, schedule from earlybird.alert_windows
      where ended_at is null and coalesce((schedule->>'until')::timestamptz > ${now}::timestamptz, true)
      order by created_at, id`.execute(db);
    return rows.map(({ created_at, ...window }) => ({ ...window, created_at: created_at.toISOString() }));
  },
});
