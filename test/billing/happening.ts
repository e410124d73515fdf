import fc from "fast-check";

export const months = ["2026-01", "2026-02", "2026-03"] as const;

/** What happens to deliveries and bills; `pick` chooses among what is there at that moment. */
export type Happening =
  | { kind: "order"; month: number; quantity: number; oneTime: boolean }
  | { kind: "confirm"; pick: number; handedOver: number }
  | { kind: "correct"; pick: number; handedOver: number }
  | { kind: "bill"; month: number }
  | { kind: "issue"; month: number }
  | { kind: "pay"; pick: number }
  | { kind: "void"; pick: number }
  | { kind: "move"; step: number };

const month = fc.nat({ max: months.length - 1 });
const pick = fc.nat({ max: 50 });
const handedOver = fc.nat({ max: 3 });

const happening = (moves: number): fc.Arbitrary<Happening> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant("order"),
        month,
        quantity: fc.integer({ min: 1, max: 3 }),
        oneTime: fc.boolean(),
      }),
    },
    { weight: 9, arbitrary: fc.record({ kind: fc.constant("confirm"), pick, handedOver }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("correct"), pick, handedOver }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("bill"), month }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant("issue"), month }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("pay"), pick }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("void"), pick }) },
    {
      weight: moves,
      arbitrary: fc.record({ kind: fc.constant("move"), step: fc.constantFrom(20, 22, 23, 26, 29) }),
    },
  ) as fc.Arbitrary<Happening>;

/** A month that has been delivered in part, billed and issued: what comes after it is late. */
const begun: readonly Happening[] = [
  { kind: "order", month: 0, quantity: 3, oneTime: false },
  { kind: "order", month: 0, quantity: 2, oneTime: false },
  { kind: "order", month: 0, quantity: 2, oneTime: true },
  { kind: "confirm", pick: 0, handedOver: 2 },
  { kind: "confirm", pick: 1, handedOver: 2 },
  { kind: "bill", month: 0 },
  { kind: "issue", month: 0 },
];

export const history = (moves: number, longest: number): fc.Arbitrary<Happening[]> =>
  fc.array(happening(moves), { minLength: 4, maxLength: longest }).map((rest) => [...begun, ...rest]);
