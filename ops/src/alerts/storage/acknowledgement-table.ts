import { type Kysely, sql } from "kysely";
import type { AcknowledgementEntry } from "../incidents/acknowledgement.ts";
import type { AcknowledgementStore } from "../incidents/acknowledgements.ts";

/** Acknowledgements as all instances share them: the latest of each fingerprint. */
export const acknowledgementStore = (db: Kysely<unknown>): AcknowledgementStore => ({
  save: async (entries) => {
    const rows = JSON.stringify(entries);
    await sql`
      insert into earlybird.alert_acknowledgements (fingerprint, alert, severity, acknowledged, author, note, at)
      select fingerprint, alert, severity, acknowledged, author, note, at
      from jsonb_to_recordset(${rows}::jsonb) as a (
        fingerprint text, alert text, severity text, acknowledged boolean, author text, note text, at timestamptz)
      order by fingerprint
      on conflict (fingerprint) do update set
        alert = excluded.alert, severity = excluded.severity, acknowledged = excluded.acknowledged,
        author = excluded.author, note = excluded.note, at = excluded.at`.execute(db);
    // The instance that raised the alert writes the same a few seconds later; until then, the others read this.
    await sql`
      update earlybird.alert_history as h set
        acknowledged = case when a.acknowledged then jsonb_build_object('by', a.author, 'at', a.at, 'note', a.note) end,
        saved_at = clock_timestamp()
      from jsonb_to_recordset(${rows}::jsonb) as a (
        alert text, acknowledged boolean, author text, note text, at text)
      where h.id = a.alert and h.state = 'firing'`.execute(db);
  },
  read: async (fingerprints) => {
    const { rows } = await sql<Omit<AcknowledgementEntry, "at"> & { at: Date }>`
      select fingerprint, alert, severity, acknowledged, author, note, at
      from earlybird.alert_acknowledgements where fingerprint = any(${fingerprints})`.execute(db);
    return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
  },
});
