import { isZero } from "../format/decimal";
import { useWords } from "../text";

/** Dollars with all their decimals: those after the cent are there, and step back. */
export function Usd({ value, strong = false }: { value: string; strong?: boolean }) {
  const { f } = useWords();
  const { main, rest } = f.exactUsd(value);
  return (
    <span className={`money${strong ? " money-strong" : ""}`} data-value={value}>
      {main}
      {rest && <span className="money-rest">{rest}</span>}
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
