import { isZero } from "../format/decimal";
import { useWords } from "../text";

interface UsdProps {
  value: string;
  strong?: boolean;
  /** In whole dollars: for volumes. */
  short?: boolean;
}

/** Dollars to the cent; the exact value is in the tooltip. */
export function Usd({ value, strong = false, short = false }: UsdProps) {
  const { f } = useWords();
  return (
    <span
      className={`money${strong ? " money-strong" : ""}${isZero(value) ? " money-zero" : ""}`}
      data-value={value}
      title={f.usdExact(value)}
    >
      {short ? f.usdWhole(value) : f.usd(value)}
    </span>
  );
}

/** Dollars with all their decimals: where a figure is taken apart. */
export function ExactUsd({ value }: { value: string }) {
  const { f } = useWords();
  return (
    <span className="money" data-value={value}>
      {f.usdExact(value)}
    </span>
  );
}

/** An amount of an asset with all its decimals. */
export function Amount({ value, asset }: { value: string; asset?: string }) {
  const { f } = useWords();
  return (
    <span className={`money${isZero(value) ? " money-zero" : ""}`} data-value={value}>
      {f.amount(value)}
      {asset && <span className="money-asset"> {asset}</span>}
    </span>
  );
}
