/** An entry with its early end if it was ended. */
export type Ended<Entry> = Entry & { ended_at: string | null; ended_by: string | null };

/** Where all instances keep their entries. */
export interface EntryStore<Entry> {
  save(entries: readonly Ended<Entry>[]): Promise<void>;
  /** Those that are in force, or will be. */
  read(now: Date): Promise<Entry[]>;
}

/** Entries that all instances share. Changes are kept until the database has them. */
export class SharedEntries<Entry extends { id: string }> {
  readonly #entries = new Map<string, Entry>();
  readonly #unsaved = new Map<string, Ended<Entry>>();

  /** Adopts those of another process. */
  adopt(entries: readonly Entry[], unsaved: readonly Ended<Entry>[]): void {
    for (const entry of entries) if (!this.#entries.has(entry.id)) this.#entries.set(entry.id, entry);
    for (const entry of unsaved) this.#unsaved.set(entry.id, entry);
  }

  add(entry: Entry): void {
    this.#entries.set(entry.id, entry);
    this.#unsaved.set(entry.id, { ...entry, ended_at: null, ended_by: null });
  }

  end(entry: Entry, ended_by: string, now: Date): void {
    this.#entries.delete(entry.id);
    this.#unsaved.set(entry.id, { ...entry, ended_at: now.toISOString(), ended_by });
  }

  /** Drops an entry that is over. */
  drop({ id }: Entry): void {
    this.#entries.delete(id);
  }

  all(): Entry[] {
    return [...this.#entries.values()];
  }

  /** Those that the other instances do not know of yet. */
  unsaved(): Ended<Entry>[] {
    return [...this.#unsaved.values()];
  }

  /** Writes the changes to the database, then reads the entries of all instances. */
  async share(store: EntryStore<Entry>, now: Date): Promise<void> {
    const saved = this.unsaved();
    if (saved.length > 0) await store.save(saved);
    for (const entry of saved) {
      if (this.#unsaved.get(entry.id) === entry) this.#unsaved.delete(entry.id);
    }
    const read = await store.read(now);
    // A change during the read must not disappear until the next one.
    const changed = new Set(this.#unsaved.keys());
    for (const id of this.#entries.keys()) if (!changed.has(id)) this.#entries.delete(id);
    for (const entry of read) if (!changed.has(entry.id)) this.#entries.set(entry.id, entry);
  }
}
