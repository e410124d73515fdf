/** One column that a change adds. It is nullable: yesterday's inserts do not know it. */
export interface ColumnSpec {
  /** A PostgreSQL type, as in `create table`. */
  type: string;
  /** `table.column`; deleting the referenced row sets the value to null, live or parked. */
  references?: string;
}

/** `subscriptions.id`, or `app.subscriptions.id`. */
export const referenceOf = (references = ""): { table: string; column: string } => {
  const at = references.lastIndexOf(".");
  return { table: references.slice(0, Math.max(at, 0)), column: references.slice(at + 1) };
};
