import { randomUUID } from "node:crypto";
import type { Alert } from "../model/alert.ts";
import { type Mute, type MuteRequest, muteFrom, muteUnknown, notMuted, type UnmuteRequest } from "./mute.ts";
import { describeScope, includes, isSameScope, type MuteScope, scopeFrom } from "./mute-scope.ts";
import { type Ended, type EntryStore, SharedEntries } from "./shared-entries.ts";

/** Where all instances keep what holds notifications back. */
export interface SilenceStore {
  mutes: EntryStore<Mute>;
}

/** What a process leaves to the next one. */
export interface SavedSilences {
  mutes: readonly Mute[];
  unsaved_mutes: readonly Ended<Mute>[];
}

/** The mutes in force. A mute replaces one of the same scope. */
export class Silences {
  readonly #mutes = new SharedEntries<Mute>();

  /** Adopts those of another process. */
  adopt({ mutes, unsaved_mutes }: SavedSilences): void {
    this.#mutes.adopt(mutes.map(withScope), unsaved_mutes.map(withScope));
  }

  saved(now: Date): SavedSilences {
    return { mutes: this.#current(now), unsaved_mutes: this.#mutes.unsaved() };
  }

  /** @throws Failure EB_MUTE_NEEDS_REASON, EB_MUTE_SCOPE, EB_MUTE_DURATION */
  mute(request: MuteRequest, now: Date): Mute {
    const mute = muteFrom(request, randomUUID(), now);
    for (const earlier of this.#ofScope(mute, now)) this.#mutes.end(earlier, request.author, now);
    this.#mutes.add(mute);
    return mute;
  }

  /** @throws Failure EB_NOT_MUTED */
  unmute(request: UnmuteRequest, now: Date): Mute {
    const ended = "id" in request ? this.#withId(request.id, now) : this.#ofScope(scopeFrom(request), now);
    const [mute] = ended;
    if (!mute) {
      throw "id" in request
        ? muteUnknown({ id: request.id })
        : notMuted({ alerts: describeScope(scopeFrom(request)) });
    }
    for (const one of ended) this.#mutes.end(one, request.author, now);
    return mute;
  }

  /** The one that holds back an alert; of several, the one that lasts longest. */
  of(alert: Pick<Alert, "type" | "key" | "details">, now: Date): Mute | undefined {
    return longest(this.all(now).filter((mute) => includes(mute, alert)));
  }

  all(now: Date): Mute[] {
    return this.#current(now);
  }

  /** Writes the changes to the database, then reads those of all instances. */
  async share(store: SilenceStore, now: Date): Promise<void> {
    await this.#mutes.share(store.mutes, now);
  }

  #withId(id: string, now: Date): Mute[] {
    return this.#current(now).filter((mute) => mute.id === id);
  }

  #ofScope(scope: MuteScope, now: Date): Mute[] {
    return this.#current(now).filter((mute) => isSameScope(mute, scope));
  }

  #current(now: Date): Mute[] {
    return this.#mutes.all().filter((mute) => {
      const isOver = new Date(mute.until) <= now;
      if (isOver) this.#mutes.drop(mute);
      return !isOver;
    });
  }
}

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
