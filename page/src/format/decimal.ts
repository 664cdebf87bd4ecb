/**
 * Exact decimals, as the API tells amounts and rates: `"0.00104980"`. Money is never a float here.
 */

interface Decimal {
  units: bigint;
  scale: number;
}

function parse(text: string): Decimal {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) throw new Error(`not a decimal: ${text}`);
  const [, sign, whole, part = ""] = match;
  const units = BigInt(`${whole}${part}`);
  return { units: sign === "-" ? -units : units, scale: part.length };
}

function print({ units, scale }: Decimal): string {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const part = scale > 0 ? `.${digits.slice(digits.length - scale)}` : "";
  return `${units < 0n ? "-" : ""}${whole}${part}`;
}

function rescale({ units, scale }: Decimal, to: number): bigint {
  return units * 10n ** BigInt(to - scale);
}

/** The sum, with as many decimals as the longest of them has. */
export function sum(texts: Iterable<string>): string {
  let total: Decimal = { units: 0n, scale: 0 };
  for (const text of texts) {
    const next = parse(text);
    const scale = Math.max(total.scale, next.scale);
    total = { units: rescale(total, scale) + rescale(next, scale), scale };
  }
  return print(total);
}

/** The whole product, not rounded. */
export function multiply(a: string, b: string): string {
  const [x, y] = [parse(a), parse(b)];
  return print({ units: x.units * y.units, scale: x.scale + y.scale });
}

/** The difference. */
export function subtract(a: string, b: string): string {
  const negative = print({ ...parse(b), units: -parse(b).units });
  return sum([a, negative]);
}

/** Below 0, 0 or above 0, as sorting wants it. */
export function compare(a: string, b: string): number {
  const [x, y] = [parse(a), parse(b)];
  const scale = Math.max(x.scale, y.scale);
  const difference = rescale(x, scale) - rescale(y, scale);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The change against an earlier figure, as a ratio: for a percentage beside the exact figures. */
export function changeOf(now: string, before: string): number | null {
  const base = forGeometry(before);
  return base > 0 ? forGeometry(subtract(now, before)) / base : null;
}

/** How many decimals the text has. */
export function decimals(text: string): number {
  return parse(text).scale;
}

/** Towards zero, with at most so many decimals. */
export function truncate(text: string, scale: number): string {
  const value = parse(text);
  if (value.scale <= scale) return text;
  return print({ units: value.units / 10n ** BigInt(value.scale - scale), scale });
}

export function isZero(text: string): boolean {
  return parse(text).units === 0n;
}

/** The nearest float: for bars and charts only, never for a figure shown. */
export function forGeometry(text: string): number {
  return Number(text);
}

/** Which part of the whole this is, from 0 to 1: for bars only. */
export function part(of: string, whole: string): number {
  const total = forGeometry(whole);
  return total > 0 ? Math.min(1, Math.max(0, forGeometry(of) / total)) : 0;
}
