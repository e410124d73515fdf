import { fingerprintOf } from "../model/fingerprint.ts";
import { type AlertRecord, type Incident, noteDecision } from "../model/record.ts";
import { type AcknowledgementEntry, applyAcknowledgement } from "./acknowledgement.ts";
import type { Incidents } from "./active.ts";

/** Where all instances keep the latest acknowledgement or withdrawal of each fingerprint. */
export interface AcknowledgementStore {
  save(entries: readonly AcknowledgementEntry[]): Promise<void>;
  read(fingerprints: readonly string[]): Promise<AcknowledgementEntry[]>;
}

export interface AcknowledgementsOptions {
  incidents: Incidents;
  /** Called when a record changed. */
  onChange: (record: AlertRecord) => void;
}

/**
 * Applies acknowledgements of all instances to the incidents of this process, which keep them. Those made here wait
 * until the database has them.
 */
export class Acknowledgements {
  readonly #options: AcknowledgementsOptions;
  readonly #unsaved = new Map<string, AcknowledgementEntry>();

  constructor(options: AcknowledgementsOptions) {
    this.#options = options;
  }

  /** Adopts those of another process. */
  adopt(unsaved: readonly AcknowledgementEntry[]): void {
    for (const entry of unsaved) this.#unsaved.set(entry.fingerprint, entry);
  }

  add(entry: AcknowledgementEntry): void {
    this.#unsaved.set(entry.fingerprint, entry);
    this.#apply([entry]);
  }

  /** Ends the acknowledgement of a resolved incident: if the alert goes on in another instance, it is sent again. */
  end({ alert, telling }: Incident): void {
    if (alert.acknowledged === null || telling.state !== "told") return;
    this.add({
      fingerprint: fingerprintOf(alert),
      alert: alert.id,
      severity: alert.severity,
      acknowledged: false,
      author: alert.acknowledged.by,
      note: null,
      at: alert.resolved_at ?? alert.acknowledged.at,
    });
  }

  /** Those that the other instances do not know of yet. */
  unsaved(): AcknowledgementEntry[] {
    return [...this.#unsaved.values()];
  }

  /** Writes the changes to the database, then applies those of all instances. */
  async share(store: AcknowledgementStore): Promise<void> {
    const saved = this.unsaved();
    if (saved.length > 0) await store.save(saved);
    for (const entry of saved) {
      if (this.#unsaved.get(entry.fingerprint) === entry) this.#unsaved.delete(entry.fingerprint);
    }
    const firing = this.#options.incidents.firing().map(({ alert }) => fingerprintOf(alert));
    if (firing.length === 0) return;
    const read = await store.read(firing);
    this.#apply(read.filter(({ fingerprint }) => !this.#unsaved.has(fingerprint)));
  }

  #apply(entries: readonly AcknowledgementEntry[]): void {
    const { incidents, onChange } = this.#options;
    const byFingerprint = new Map(entries.map((entry) => [entry.fingerprint, entry]));
    for (const incident of incidents.firing()) {
      const entry = byFingerprint.get(fingerprintOf(incident.alert));
      const alert = entry ? applyAcknowledgement(incident.alert, entry) : incident.alert;
      if (!entry || alert === incident.alert) continue;
      incident.alert = alert;
      // The policy records the acknowledgement itself when it holds a notification back.
      if (!entry.acknowledged && incident.decisions.at(-1)?.decision === "acknowledged") {
        const choice = { decision: "unacknowledged", by: entry.author } as const;
        noteDecision(incident, "reminder", choice, new Date(entry.at));
      }
      onChange(incident);
    }
  }
}
