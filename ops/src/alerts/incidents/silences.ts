import { randomUUID } from "node:crypto";
import type { AlertType } from "../model/alert.ts";
import { type Mute, type MuteRequest, type MuteTarget, muteFrom, notMuted } from "./mute.ts";

/** A stored mute, with its early end if it was ended. */
export interface MuteEntry extends Mute {
  ended_at: string | null;
  ended_by: string | null;
}

/** Where all instances keep their mutes. */
export interface SilenceStore {
  save(entries: readonly MuteEntry[]): Promise<void>;
  /** Those that are in force. */
  read(now: Date): Promise<Mute[]>;
}

/** The mutes in force, at most one for each type. Changes are kept until the database has them. */
export class Silences {
  readonly #mutes = new Map<MuteTarget, Mute>();
  readonly #unsaved = new Map<string, MuteEntry>();

  /** Adopts those of another process. */
  adopt({ mutes, unsaved }: { mutes: readonly Mute[]; unsaved: readonly MuteEntry[] }): void {
    for (const mute of mutes) if (!this.#mutes.has(mute.type)) this.#mutes.set(mute.type, mute);
    for (const entry of unsaved) this.#unsaved.set(entry.id, entry);
  }

  /** A mute of the same type is replaced. */
  mute(request: MuteRequest, now: Date): Mute {
    const mute = muteFrom(request, randomUUID(), now);
    const before = this.#current(request.type, now);
    if (before) this.#end(before, request.author, now);
    this.#mutes.set(mute.type, mute);
    this.#unsaved.set(mute.id, { ...mute, ended_at: null, ended_by: null });
    return mute;
  }

  /** @throws Failure EB_NOT_MUTED */
  unmute({ type, author }: { type: MuteTarget; author: string }, now: Date): Mute {
    const mute = this.#current(type, now);
    if (!mute) throw notMuted({ alerts: type === "ALL" ? "all alerts" : type });
    this.#end(mute, author, now);
    return mute;
  }

  /** The one that holds back alerts of this type; of two, the one that lasts longer. */
  of(type: AlertType, now: Date): Mute | undefined {
    const [own, all] = [this.#current(type, now), this.#current("ALL", now)];
    return own && all ? (own.until >= all.until ? own : all) : (own ?? all);
  }

  all(now: Date): Mute[] {
    return [...this.#mutes.keys()].flatMap((type) => this.#current(type, now) ?? []);
  }

  /** Those that the other instances do not know of yet. */
  unsaved(): MuteEntry[] {
    return [...this.#unsaved.values()];
  }

  /** Writes the changes to the database, then reads the mutes of all instances. */
  async share(shared: SilenceStore, now: Date): Promise<void> {
    const entries = this.unsaved();
    if (entries.length > 0) await shared.save(entries);
    for (const entry of entries) {
      if (this.#unsaved.get(entry.id) === entry) this.#unsaved.delete(entry.id);
    }
    const read = await shared.read(now);
    this.#mutes.clear();
    for (const mute of read) this.#mutes.set(mute.type, mute);
    // A mute or unmute during the read must not disappear until the next one.
    for (const { ended_at, ended_by: _, ...mute } of this.#unsaved.values()) {
      if (ended_at === null) this.#mutes.set(mute.type, mute);
      else if (this.#mutes.get(mute.type)?.id === mute.id) this.#mutes.delete(mute.type);
    }
  }

  #current(type: MuteTarget, now: Date): Mute | undefined {
    const mute = this.#mutes.get(type);
    if (mute && new Date(mute.until) > now) return mute;
    this.#mutes.delete(type);
    return undefined;
  }

  #end(mute: Mute, author: string, now: Date): void {
    this.#mutes.delete(mute.type);
    this.#unsaved.set(mute.id, { ...mute, ended_at: now.toISOString(), ended_by: author });
  }
}
