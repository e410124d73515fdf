import type { InstanceStart } from "../monitoring/index.ts";
import { timeBefore } from "./evidence.ts";

/** Sentences about the starts of one host with one version, of which the last is the suspect. */
export const startEvidence = ({
  ofHost,
  earlier,
  from,
  firedAt,
}: {
  /** Newest first. */
  ofHost: readonly InstanceStart[];
  /** Starts from before the time considered, newest first. */
  earlier: readonly InstanceStart[];
  from: Date;
  firedAt: string;
}): string[] => {
  const [last] = ofHost;
  if (!last) return [];
  const { name, version, started_at } = last;
  return [
    `Instance ${name} started ${timeBefore(started_at, firedAt)}, with version ${version}.`,
    ...repetitions(ofHost),
    ...versionsBefore({ version, earlier, from }),
  ];
};

const repetitions = (ofHost: readonly InstanceStart[]): string[] => {
  if (ofHost.length < 2) return [];
  const lost = ofHost.slice(1).filter(({ state }) => state === "lost").length;
  return [
    `It was the last of ${ofHost.length} starts on this host.`,
    ...(lost > 0 ? [`${lost} of those before it did not stop cleanly.`] : []),
  ];
};

/** Compares with the instances that ran when the time considered began; if there were none, with the last start. */
const versionsBefore = ({
  version,
  earlier,
  from,
}: {
  version: string;
  earlier: readonly InstanceStart[];
  from: Date;
}): string[] => {
  const [latest] = earlier;
  if (!latest) return [];
  const running = earlier.filter(({ ended_at }) => ended_at === null || ended_at >= from.toISOString());
  const versions = [...new Set(running.map((each) => each.version))].sort();
  const isNew = earlier.every((each) => each.version !== version);
  return [
    versions.length > 0
      ? `Instances that started earlier ran ${versions.join(" and ")}.`
      : `The last instance before ran ${latest.version}.`,
    ...(isNew ? [`No earlier instance of the last 90 days ran ${version}.`] : []),
  ];
};
