import { sql } from "kysely";
import { type PeriodPage, periodPage } from "../../database/period-page.ts";
import type { Database } from "../change/change.ts";
import { type OperationRow, operationColumns, operationFrom, type RollbackOperation } from "./operation.ts";

/** The operations that began in a period. */
export const operationsBegun = async (db: Database, page: PeriodPage): Promise<RollbackOperation[]> => {
  const { rows } = await sql<OperationRow>`
    select ${operationColumns} from earlybird.operations o
    where ${periodPage(page, sql`o.started_at`, sql`o.id`)}`.execute(db);
  return rows.map(operationFrom);
};
