/** Positions in the write-ahead log. */
export type Lsn = bigint;

/** Reads a position as PostgreSQL writes it: `1A/2B3C4D5E`. */
export const parseLsn = (text: string): Lsn => {
  const [high = "", low = ""] = text.split("/");
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
};

export const formatLsn = (lsn: Lsn): string =>
  `${(lsn >> 32n).toString(16)}/${(lsn & 0xffff_ffffn).toString(16)}`.toUpperCase();

/** The start of the segment with this position. */
export const segmentStart = (lsn: Lsn, segmentBytes: number): Lsn => lsn - (lsn % BigInt(segmentBytes));

/** The file of the segment that starts at this position. */
export const segmentName = (timeline: number, start: Lsn, segmentBytes: number): string => {
  const perFile = 0x1_0000_0000n / BigInt(segmentBytes);
  const segment = start / BigInt(segmentBytes);
  return [BigInt(timeline), segment / perFile, segment % perFile]
    .map((number) => number.toString(16).toUpperCase().padStart(8, "0"))
    .join("");
};
