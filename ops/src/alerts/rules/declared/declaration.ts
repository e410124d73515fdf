import { z } from "zod";
import { AlertSeverity } from "../../model/alert.ts";

/** What all declared alerts have. */
export interface DeclarationOptions {
  /** Unique in the service; the key of the alert. */
  name: string;
  /** Default: warning. */
  severity?: AlertSeverity;
  /** How long the condition must hold before the alert fires. Default: 0. */
  forSeconds?: number;
  /** A sentence for the message, such as what to do. */
  summary?: string;
}

const longestName = 80;
const longestSummary = 300;
const dayInSeconds = 86_400;

/** A printable line that is not the key of another CUSTOM alert of the platform. */
const name = z
  .string()
  .regex(/^\P{C}+$/u, "must be one printable line")
  .regex(/^(?!channel:|\(other\))/, 'must not start with "channel:" or "(other)"')
  .max(longestName);

export const declarationFields = {
  name,
  severity: z.enum(AlertSeverity),
  forSeconds: z.number().min(0).max(dayInSeconds),
  summary: z.string().max(longestSummary).optional(),
};

export const declarationDefaults = { severity: AlertSeverity.WARNING, forSeconds: 0 } as const;

/** A method and the template of a route. */
export const routeName = z
  .string()
  .regex(/^[A-Z_]+ \S+$/, 'must be a method and a route, as "POST /api/orders"');

/** The name of the alert, its finding, and the summary, as sentences. */
export const messageOf = ({ name, summary }: { name: string; summary?: string | undefined }, text: string) =>
  `${name}: ${text}${summary === undefined ? "" : ` ${summary}`}`;
