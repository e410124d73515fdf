import fc from "fast-check";
import { steps } from "../twelve-steps.ts";

export const days = ["2026-03-10", "2026-03-11", "2026-03-12"] as const;

/** What the people of the business do, and what is done to its data behind their backs. */
export const works = [
  "generate",
  "place",
  "subscribe",
  "pause",
  "confirm",
  "confirm a part",
  "confirm by link",
  "correct",
  "start round",
  "cancel",
  "register",
  "add customer",
  "bill",
  "rename product",
  "delete subscription",
  "delete customer",
  "edit order",
  "edit delivery",
] as const;

export type Work = (typeof works)[number];

/** Something that happens; `pick` chooses among what is there at that moment. */
export type Happening =
  | { kind: "rollback"; step: number }
  | { kind: "reapply"; step: number; onConflict: "keep" | "restore" }
  | { kind: Work; pick: number };

const step = fc.constantFrom(...steps);
const moves: fc.Arbitrary<Happening>[] = [
  fc.record({ kind: fc.constant("rollback"), step }),
  fc.record({ kind: fc.constant("reapply"), step, onConflict: fc.constantFrom("keep", "restore") }),
];

// Daily work is what touches most of the steps; the other works come once in a while.
const daily: readonly Work[] = [
  "generate",
  "place",
  "confirm",
  "confirm",
  "confirm a part",
  "cancel",
  "bill",
];
const work = fc.record({ kind: fc.constantFrom(...works, ...daily), pick: fc.nat({ max: 1_000 }) });

/** A history of so many happenings at most; of ten, so many are moves of steps. */
export const history = (movesInTen: number, longest: number): fc.Arbitrary<Happening[]> =>
  fc.array(
    fc.oneof(
      { weight: movesInTen, arbitrary: fc.oneof(...moves) },
      { weight: 10 - movesInTen, arbitrary: work as fc.Arbitrary<Happening> },
    ),
    { minLength: 3, maxLength: longest },
  );
