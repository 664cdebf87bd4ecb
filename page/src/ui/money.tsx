import { isZero } from "../format/decimal";
import { useWords } from "../text";

interface UsdProps {
  value: string;
  strong?: boolean;
  /** Without decimals after the cent where all of them are 0: volumes have none. */
  short?: boolean;
}

/** Dollars with all their decimals: those after the cent are there, and step back. */
export function Usd({ value, strong = false, short = false }: UsdProps) {
  const { f } = useWords();
  const { main, rest } = f.exactUsd(value);
  const shown = short && /^0*$/.test(rest) ? "" : rest;
  return (
    <span className={`money${strong ? " money-strong" : ""}`} data-value={value}>
      {main}
      {shown && <span className="money-rest">{shown}</span>}
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
