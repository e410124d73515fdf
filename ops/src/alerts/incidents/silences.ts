import { randomUUID } from "node:crypto";
import type { Alert } from "../model/alert.ts";
import {
  type MaintenanceRequest,
  type MaintenanceWindow,
  mutedByWindow,
  type PlannedWindow,
} from "./maintenance.ts";
import { type Mute, type MuteRequest, muteFrom, muteUnknown, notMuted, type UnmuteRequest } from "./mute.ts";
import { describeScope, includes, isSameScope, type MuteScope, scopeFrom } from "./mute-scope.ts";
import { type Ended, type EntryStore, SharedEntries } from "./shared-entries.ts";
import { Windows } from "./windows.ts";

/** Where all instances keep what holds notifications back. */
export interface SilenceStore {
  mutes: EntryStore<Mute>;
  windows: EntryStore<MaintenanceWindow>;
}

/** What a process leaves to the next one. */
export interface SavedSilences {
  mutes: readonly Mute[];
  unsaved_mutes: readonly Ended<Mute>[];
  windows: readonly MaintenanceWindow[];
  unsaved_windows: readonly Ended<MaintenanceWindow>[];
}

/** The mutes in force, and the maintenance windows. A mute replaces one of the same scope. */
export class Silences {
  readonly #mutes = new SharedEntries<Mute>();
  readonly #windows = new Windows();

  /** Adopts those of another process. */
  adopt({ mutes, unsaved_mutes, windows, unsaved_windows }: SavedSilences): void {
    this.#mutes.adopt(mutes.map(withScope), unsaved_mutes.map(withScope));
    this.#windows.entries.adopt(windows, unsaved_windows);
  }

  saved(now: Date): SavedSilences {
    return {
      mutes: this.#current(now),
      unsaved_mutes: this.#mutes.unsaved(),
      windows: this.#windows.entries.all(),
      unsaved_windows: this.#windows.entries.unsaved(),
    };
  }

  /** @throws Failure EB_MUTE_NEEDS_REASON, EB_MUTE_SCOPE, EB_MUTE_DURATION */
  mute(request: MuteRequest, now: Date): Mute {
    const mute = muteFrom(request, randomUUID(), now);
    for (const earlier of ofScope(this.#current(now), mute)) this.#mutes.end(earlier, request.author, now);
    this.#mutes.add(mute);
    return mute;
  }

  /** @throws Failure EB_NOT_MUTED, EB_MUTED_BY_MAINTENANCE */
  unmute(request: UnmuteRequest, now: Date): Mute {
    const requested = (mutes: readonly Mute[]) =>
      "id" in request ? mutes.filter(({ id }) => id === request.id) : ofScope(mutes, scopeFrom(request));
    const ended = requested(this.#current(now));
    const [mute] = ended;
    if (mute) {
      for (const one of ended) this.#mutes.end(one, request.author, now);
      return mute;
    }
    const [window] = requested(this.#windows.mutes(now));
    if (window) throw mutedByWindow({ id: window.id });
    if ("id" in request) throw muteUnknown({ id: request.id });
    throw notMuted({ alerts: describeScope(scopeFrom(request)) });
  }

  /** @throws Failure EB_MUTE_NEEDS_REASON, EB_MUTE_SCOPE, EB_MAINTENANCE_TIME, EB_TIME_ZONE */
  addWindow(request: MaintenanceRequest, now: Date): PlannedWindow {
    return this.#windows.add(request, now);
  }

  /** @throws Failure EB_MAINTENANCE_UNKNOWN */
  removeWindow(request: { id: string; author: string }, now: Date): PlannedWindow {
    return this.#windows.remove(request, now);
  }

  /** The maintenance windows, the next one first. */
  windows(now: Date): PlannedWindow[] {
    return this.#windows.planned(now);
  }

  /** The mute that holds back an alert; of several, the one that lasts longest. */
  of(alert: Pick<Alert, "type" | "key" | "details">, now: Date): Mute | undefined {
    return longest(this.all(now).filter((mute) => includes(mute, alert)));
  }

  /** The mutes in force, including those of open maintenance windows. */
  all(now: Date): Mute[] {
    return [...this.#current(now), ...this.#windows.mutes(now)];
  }

  /** Writes the changes to the database, then reads those of all instances. */
  async share(store: SilenceStore, now: Date): Promise<void> {
    await this.#mutes.share(store.mutes, now);
    await this.#windows.entries.share(store.windows, now);
  }

  #current(now: Date): Mute[] {
    return this.#mutes.all().filter((mute) => {
      const isOver = new Date(mute.until) <= now;
      if (isOver) this.#mutes.drop(mute);
      return !isOver;
    });
  }
}

const ofScope = (mutes: readonly Mute[], scope: MuteScope): Mute[] =>
  mutes.filter((mute) => isSameScope(mute, scope));

const longest = (mutes: readonly Mute[]): Mute | undefined =>
  mutes.reduce<Mute | undefined>(
    (longest, mute) => (longest && longest.until >= mute.until ? longest : mute),
    undefined,
  );

/** An older version saved mutes without key and route. */
const withScope = <M extends Mute>(mute: M): M => ({
  ...mute,
  key: mute.key ?? null,
  route: mute.route ?? null,
});
