import { isIPv6 } from "node:net";

/** Loopback is the machine itself: its health checks, its load tests, or a proxy that speaks for everybody. */
export const loopback = ["127.0.0.1", "::1", "::ffff:127.0.0.1"];

/**
 * The part of an address that one customer of a provider holds: an IPv4 address, or the first 64 bits of an IPv6
 * address, in which everybody has 2^64 to choose from.
 */
export const networkOf = (address: string): string => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [plain = ""] = address.split("%");
  if (!isIPv6(plain)) return address;
  const [before = "", after] = plain.split("::");
  const groups = before === "" ? [] : before.split(":");
  const behind = after ? after.split(":") : [];
  const zeros = after === undefined ? 0 : 8 - groups.length - behind.length;
  const all = [...groups, ...Array<string>(zeros).fill("0"), ...behind];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
};
