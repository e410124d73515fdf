import { Failure } from "@earlybird-ops/platform";
import { expect, test } from "vitest";
import { compareQuantities, type HandedOver, type Outcome } from "./quantities.ts";

const ordered = [
  { product_id: "milk", quantity: 2, unit_price_paise: 2_800 },
  { product_id: "curd", quantity: 1, unit_price_paise: 3_500 },
];

const milk = (delivered_qty: number, ordered_qty?: number): HandedOver => ({
  product_id: "milk",
  delivered_qty,
  ordered_qty,
});
const curd = (delivered_qty: number): HandedOver => ({ product_id: "curd", delivered_qty });

test.each<[string, Outcome, HandedOver[] | undefined, Outcome, [number, string][]]>([
  [
    "without a list, everything",
    "delivered",
    undefined,
    "delivered",
    [
      [2, "full"],
      [1, "full"],
    ],
  ],
  [
    "without a list, a shortage",
    "shortage",
    undefined,
    "shortage",
    [
      [0, "shortage"],
      [0, "shortage"],
    ],
  ],
  [
    "a failed visit",
    "failed",
    undefined,
    "failed",
    [
      [0, "shortage"],
      [0, "shortage"],
    ],
  ],
  [
    "everything",
    "delivered",
    [milk(2), curd(1)],
    "delivered",
    [
      [2, "full"],
      [1, "full"],
    ],
  ],
  [
    "one of two",
    "delivered",
    [milk(1), curd(1)],
    "partially_delivered",
    [
      [1, "partial"],
      [1, "full"],
    ],
  ],
  [
    "all of one, none of the other",
    "delivered",
    [milk(2), curd(0)],
    "partially_delivered",
    [
      [2, "full"],
      [0, "shortage"],
    ],
  ],
  [
    "what a list leaves out",
    "delivered",
    [milk(2)],
    "partially_delivered",
    [
      [2, "full"],
      [0, "shortage"],
    ],
  ],
  [
    "nothing, whatever is claimed",
    "delivered",
    [milk(0), curd(0)],
    "shortage",
    [
      [0, "shortage"],
      [0, "shortage"],
    ],
  ],
  [
    "everything, though a shortage is claimed",
    "shortage",
    [milk(2, 2), curd(1)],
    "delivered",
    [
      [2, "full"],
      [1, "full"],
    ],
  ],
])("%s", (_, outcome, items, expected, lines) => {
  const compared = compareQuantities(ordered, { outcome, items });
  expect(compared.outcome).toBe(expected);
  expect(compared.items.map(({ delivered_qty, status }) => [delivered_qty, status])).toEqual(lines);
  expect(compared.items.map(({ ordered_qty }) => ordered_qty)).toEqual([2, 1]);
});

test.each<[string, Outcome, HandedOver[] | undefined]>([
  ["more than was ordered", "delivered", [milk(3)]],
  ["less than nothing", "delivered", [milk(-1)]],
  ["a product of another order", "delivered", [{ product_id: "ghee", delivered_qty: 1 }]],
  ["a product twice", "delivered", [milk(1), milk(1)]],
  ["another ordered quantity than the order's", "delivered", [milk(1, 1)]],
  ["a partial delivery of nobody knows what", "partially_delivered", undefined],
])("%s is refused", (_, outcome, items) => {
  expect(() => compareQuantities(ordered, { outcome, items })).toThrow(Failure);
});
