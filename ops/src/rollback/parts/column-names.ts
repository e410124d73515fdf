import { cutToLimit } from "../database/table-names.ts";

/** Where the two physical columns of a declared one stand, by their names. */
export interface ColumnNames {
  /** The name that the service reads and writes, in either state. */
  visible: string;
  /** The name of the empty twin while the change is applied. */
  empty: string;
  /** The name of the column with the values while the change is rolled back. */
  parked: string;
}

export const columnNames = (step: number, column: string): ColumnNames => ({
  visible: column,
  empty: cutToLimit(`eb${step}_empty_${column}`),
  parked: cutToLimit(`eb${step}_parked_${column}`),
});
