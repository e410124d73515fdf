import pg from "pg";

/** Right before a statement is sent, or right after: then the server has it, and nobody hears its answer. */
export type Moment = "before" | "sent";

/**
 * Calls `act` at the nth statement from now on, over all connections of this process.
 *
 * @returns the statements seen so far, in their order
 */
export const atStatement = (n: number, moment: Moment, act: () => void): string[] => {
  const seen: string[] = [];
  const { query } = pg.Client.prototype;
  pg.Client.prototype.query = function (this: pg.Client, ...given: unknown[]) {
    const [asked] = given as [string | { text: string }];
    seen.push(typeof asked === "string" ? asked : asked.text);
    const reached = seen.length === n;
    if (reached && moment === "before") act();
    // biome-ignore lint/suspicious/noExplicitAny: the overloads of query, whichever was called
    const answer = (query as any).apply(this, given);
    if (reached && moment === "sent") act();
    return answer;
  } as typeof query;
  return seen;
};

/** No longer looks at statements. */
export const leaveStatementsAlone = (() => {
  const { query } = pg.Client.prototype;
  return () => {
    pg.Client.prototype.query = query;
  };
})();
