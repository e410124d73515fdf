/** How the ids of one table look before and after the change; `id` is the key column. */
export interface IdentifierStyle {
  /** The prefix of the old style; a number of at least six digits follows: `order-` for `order-001042`. */
  before: string;
  /** The prefix of the new style; a UUID v7 follows. */
  now: string;
}

/** Ids inside a JSON array of objects, without a foreign key. */
export interface EmbeddedIdentifier {
  table: string;
  column: string;
  field: string;
  refers: string;
}
