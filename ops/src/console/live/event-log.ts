import { randomUUID } from "node:crypto";

const maxEvents = 500;

/** The latest events with their ids, so that a client that was cut off for a moment misses none. */
export class EventLog {
  /** Part of each id: a client of another process or an earlier log cannot resume here. */
  readonly #epoch = randomUUID().slice(0, 8);
  readonly #texts: string[] = [];
  #count = 0;

  /** The id of the last event. */
  get lastId(): string {
    return this.#idOf(this.#count);
  }

  /** Adds an event and returns its text. */
  add(write: (id: string) => string): string {
    this.#count++;
    const text = write(this.lastId);
    this.#texts.push(text);
    if (this.#texts.length > maxEvents) this.#texts.shift();
    return text;
  }

  /** The events after the one with this id; undefined if they are not all there. */
  after(id: string): string[] | undefined {
    const [, epoch, number] = /^(\w+)-(\d{1,15})$/.exec(id) ?? [];
    const missed = this.#count - Number(number);
    if (epoch !== this.#epoch || missed < 0 || missed > this.#texts.length) return undefined;
    return missed === 0 ? [] : this.#texts.slice(-missed);
  }

  #idOf(number: number): string {
    return `${this.#epoch}-${number}`;
  }
}
