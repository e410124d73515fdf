import type { ReleaseMove } from "../deployment/index.ts";
import { timeBefore } from "./evidence.ts";

/** One suspect for each release that moved traffic, with its last move first. */
export const releaseSuspects = (moves: readonly ReleaseMove[], firedAt: string) => {
  const byRelease = new Map<string, ReleaseMove[]>();
  for (const move of moves) byRelease.set(move.release, [...(byRelease.get(move.release) ?? []), move]);
  return [...byRelease.values()].flatMap(([last, ...earlier]) => {
    if (!last) return [];
    const { release, from, to, at, percent, requested_by, reason } = last;
    return {
      kind: "release" as const,
      release,
      // A release that took its traffic back moved it to the old version.
      version: percent === 0 ? from : to,
      at,
      declared: false,
      evidence: [
        sentenceOf(last, firedAt),
        ...earlier.map((move) => sentenceOf(move, firedAt)),
        `${requested_by} requested release ${release}: "${reason}".`,
      ],
    };
  });
};

/** `Release 20270301-1 moved version 2.0.0 from 1 % to 10 % of the clients 4 min before the alert fired.` */
const sentenceOf = ({ release, to, before, percent, at }: ReleaseMove, firedAt: string): string =>
  `Release ${release} moved version ${to} from ${before} % to ${percent} % of the clients ${timeBefore(at, firedAt)}.`;
